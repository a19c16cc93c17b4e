"""`passerby serve`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from passerby.cli.arguments import Device
from passerby.cli.stopped import stoppable
from passerby.gallery.rate import RATE


def serve(
    gallery: Annotated[str, Argument(metavar="GALLERY", help="Folder, postgresql://..., or milvus:...")],
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    *,
    host: Annotated[str, Option(help="To listen on; without keys, this machine only.")] = "127.0.0.1",
    port: Annotated[int, Option(help="0 for any that is free.", min=0, max=65535)] = 8000,
    state: Annotated[
        str | None,
        Option(metavar="URL", help="Where keys, audit and marks are kept; the gallery's own database by default."),
    ] = None,
    retention: Annotated[
        str | None, Option(metavar="AGE", help="Delete records that are older, such as 30d, 12h or 45m.")
    ] = None,
    rate: Annotated[
        float, Option(help="Share of searches for somebody absent that may be given a false answer.")
    ] = RATE,
    device: Device = "cpu",
) -> None:
    """Serve a gallery: an HTTP API, and a page to search with."""
    from passerby.serve import server
    from passerby.serve.retention import duration

    def ready(started: server.Started) -> None:
        made = " (a new gallery)" if started.made else ""
        calibrated = "" if started.calibrated else "; not calibrated, so answers carry no probability"
        keyless = "; no keys, so everybody on this machine may do everything" if started.keyless else ""
        print(
            f"Serving {started.records:,} records{made} on {started.address}{calibrated}{keyless}. Ctrl-C stops it.",
            flush=True,
        )

    age = None if retention is None else duration(retention)
    with stoppable(lambda: "requests that ran were answered, and the gallery is closed"):
        server.serve(
            gallery,
            folder,
            host=host,
            port=port,
            state=state,
            retention=age,
            rate=rate,
            device=device,
            on_ready=ready,
        )
