import re
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

FOLDER = Path(__file__).parents[1] / "examples" / "deployment"
FILES = sorted(FOLDER.glob("*.yaml"))
PINNED = re.compile(r"[\w./-]+:v?(RELEASE\.)?\d+(\.\d+)+\S*|[\w./-]+:RELEASE\.\d{4}-\S+")


def read(name):
    return yaml.safe_load((FOLDER / name).read_text())


def services():
    """Services of both compose files, the second laid over the first as `docker compose -f -f` does."""
    found = read("compose.yaml")["services"]
    for name, service in read("compose.milvus.yaml")["services"].items():
        found[name] = {**found.get(name, {}), **service}
    return found


def images():
    for service in services().values():
        yield service["image"]
    image = read("values.yaml")["image"]["all"]
    yield f"{image['repository']}:{image['tag']}"
    yield re.search(r"^FROM (\S+)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)[1]


def test_the_files_are_there():
    assert [file.name for file in FILES] == ["compose.milvus.yaml", "compose.yaml", "values.yaml"]


def test_images_are_pinned_by_version():
    assert all(PINNED.fullmatch(image) for image in images()), list(images())


def test_only_the_proxy_has_ports_that_others_reach():
    assert [name for name, service in services().items() if "ports" in service] == ["proxy"]
    assert all("network_mode" not in service for service in services().values())
    assert read("compose.yaml")["networks"]["inside"]["internal"] is True
    assert [name for name, service in services().items() if "outside" in service["networks"]] == ["proxy"]


def test_no_server_of_ours_listens_on_all_addresses():
    for name, service in services().items():
        if service["image"].startswith("passerby"):
            assert f"--host={name}" in service["command"]
            assert service["hostname"] == name


def test_what_is_named_is_there():
    compose, over = read("compose.yaml"), read("compose.milvus.yaml")
    volumes = {**compose["volumes"], **over["volumes"]}
    for service in services().values():
        for volume in service.get("volumes", []):
            name = volume.partition(":")[0] if isinstance(volume, str) else volume["source"]
            assert name in volumes or name.startswith("${") or (FOLDER / name).is_file(), name
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert set(service.get("networks", [])) <= set(compose["networks"])
        assert set(service.get("depends_on", [])) <= set(services())


def test_no_file_holds_a_password():
    for file in FILES:
        for line in file.read_text().splitlines():
            named = re.search(r"(?:password|secret|token)\w*\s*[:=]\s*([^\s\[]\S*)", line, re.IGNORECASE)
            assert not named or line.lstrip().startswith("#") or named[1].startswith(("/run/", "change-me", "gallery-"))


def test_the_proxy_sends_to_the_servers_that_there_are():
    caddy = (FOLDER / "Caddyfile").read_text()
    (upstreams,) = re.findall(r"reverse_proxy (.*) \{", caddy)
    ours = [name for name, service in services().items() if service["image"].startswith("passerby")]
    assert upstreams.split() == [f"{name}:8000" for name in ours]
    assert caddy.count("{") == caddy.count("}")


def test_the_servers_options_are_those_of_the_command_line():
    from passerby.cli import serve

    text = Path(serve.__file__).read_text()
    for service in services().values():
        for word in service.get("command", []) if service["image"].startswith("passerby") else []:
            option = re.match(r"--([a-z]+)", word)
            assert option is None or re.search(rf"^    {option[1]}: ", text, re.MULTILINE), word
