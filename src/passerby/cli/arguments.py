"""Arguments that several commands take."""

from typing import Annotated, Literal

from typer import Option

Data = Annotated[str, Option("--data", metavar="[NAME:]DIR", help="Data set's folder, with the set's name in front.")]
Seed = Annotated[int, Option(help="Of all chance.", min=0, max=2**31 - 1)]
Workers = Annotated[int, Option(help="Processes that share the work.", min=0)]
Device = Annotated[str, Option(help="cpu, cuda, ...")]
Ap = Annotated[Literal["step", "trapezoid"], Option("--ap", help="Definition of average precision: step or trapezoid.")]
NoCameras = Annotated[bool, Option("--no-cameras", help="Do not leave out crops of the query's own camera.")]
