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


def test_the_proxy_is_one_that_asks_another_server_where_one_has_stopped():
    # before 2.11.2, Caddy answers 502 to an upload that meets a server which has just stopped
    name, _, version = services()["proxy"]["image"].partition(":")
    assert name == "caddy"
    assert tuple(map(int, version.removesuffix("-alpine").split("."))) >= (2, 11, 2)


def test_the_proxy_does_not_favour_a_server_that_is_away_nor_take_one_out_for_a_slow_upload():
    lines = [line.split() for line in (FOLDER / "Caddyfile").read_text().splitlines()]
    settings = {line[0]: line[1:] for line in lines if line and not line[0].startswith("#")}
    # by least_conn a stopped server, which has no connections, would be sent everything
    assert settings["lb_policy"] == ["round_robin"]
    # else what meets a stopped server is not tried with the other one
    assert settings["lb_try_duration"] == ["5s"]
    assert settings["health_uri"] == ["/readyz"]
    # two uploads that are broken off would take both servers out
    assert not {"fail_duration", "max_fails", "unhealthy_latency"} & set(settings)


def test_milvus_compares_what_it_has_not_indexed_yet_in_all_examples():
    # its coarse index of such records finds as few as 0.4 of the closest, for minutes after they came (docs/scale.md)
    environment = services()["milvus"]["environment"]
    assert environment["QUERYNODE_SEGCORE_INTERIMINDEX_ENABLEINDEX"] == "false"
    config = yaml.safe_load(read("values.yaml")["extraConfigFiles"]["user.yaml"])
    assert config["queryNode"]["segcore"]["interimIndex"]["enableIndex"] is False


def test_the_servers_options_are_those_of_the_command_line():
    from passerby.cli import serve

    text = Path(serve.__file__).read_text()
    for service in services().values():
        for word in service.get("command", []) if service["image"].startswith("passerby") else []:
            option = re.match(r"--([a-z]+)", word)
            assert option is None or re.search(rf"^    {option[1]}: ", text, re.MULTILINE), word
