"""Finds DynamoDB Local on this machine: a folder of jars, a Docker image, or Maven."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tableguard.errors import EmbeddedError
from tableguard.paths import ROOT

VERSION = "3.3.1"
VARIABLE = "TABLEGUARD_DYNAMODB_LOCAL"
# of the working directory, or of the checkout: scripts/engines/dynamodb-local fills the latter
FOLDER = Path(".engines", "dynamodb-local")
IMAGE = "amazon/dynamodb-local"  # https://hub.docker.com/r/amazon/dynamodb-local
COORDINATES = f"software.amazon.dynamodb:DynamoDBLocal:{VERSION}"

_POM = Path(__file__).with_name("data") / "pom.xml"
_ABSENT = (
    f"DynamoDB Local is not on this machine. Any of these will do: its jars in {FOLDER} of the "
    f"working directory or in a folder that {VARIABLE} names, with Java 17 (a JDK); "
    f"a Docker engine with the image {IMAGE}; or Maven, which fetches {COORDINATES}"
)


@dataclass(frozen=True)
class Jars:
    """Folders that hold DynamoDBLocal.jar and the jars it needs."""

    folders: tuple[Path, ...]


@dataclass(frozen=True)
class Image:
    """A Docker engine that has the image."""

    docker: str


Source = Jars | Image


def _ignore(_: str) -> None:
    """Drop progress messages."""


def present(environment: Mapping[str, str] = os.environ) -> Source | None:
    """Return what can be started without fetching, or None; EmbeddedError if the named folder has no jars."""
    named = environment.get(VARIABLE)
    if named:
        jars = _jars(Path(named))
        if jars is None:
            raise EmbeddedError(f"{VARIABLE}={named}: there is no DynamoDBLocal*.jar in it, nor in its folder lib")
        return jars
    return _jars(FOLDER) or _jars(ROOT / FOLDER) or _jars(_cache(environment)) or _image(environment)


def fetch(environment: Mapping[str, str] = os.environ, report: Callable[[str], None] = _ignore) -> Source:
    """Return what is present, else what Maven fetches; EmbeddedError naming all three ways if there is none."""
    source = present(environment)
    if source is not None:
        return source
    maven = shutil.which("mvn", path=environment.get("PATH"))
    if maven is None:
        raise EmbeddedError(_ABSENT)
    report(f"fetching {COORDINATES} by Maven, 50 MB, once, into {_cache(environment)}")
    return _from_maven(maven, _cache(environment))


def _jars(folder: Path) -> Jars | None:
    """Return the jars of a folder, if any: all in one, as Maven copies them, or in two, as in AWS's archive."""
    held = [place for place in (folder, folder / "lib") if any(place.glob("DynamoDBLocal*.jar"))]
    beside = [place / "DynamoDBLocal_lib" for place in held if (place / "DynamoDBLocal_lib").is_dir()]
    return Jars(tuple(place.resolve() for place in (*held, *beside))) if held else None


def _cache(environment: Mapping[str, str]) -> Path:
    # https://specifications.freedesktop.org/basedir-spec/latest/
    base = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "~"), ".cache").expanduser())
    return Path(base, "tableguard", f"dynamodb-local-{VERSION}")


def _image(environment: Mapping[str, str]) -> Image | None:
    docker = shutil.which("docker", path=environment.get("PATH"))
    if docker is None:
        return None
    answer = subprocess.run([docker, "image", "inspect", IMAGE], capture_output=True, check=False)
    return Image(docker) if answer.returncode == 0 else None


def _from_maven(maven: str, folder: Path) -> Jars:
    """Copy the jars by Maven into a folder beside, then rename it, so that the cache never holds half of them."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as scratch:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={scratch}/lib"]
        copying = [maven, "--quiet", "--batch-mode", "--strict-checksums", f"--file={_POM}", *goal]
        done = subprocess.run(copying, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            problem = next((line for line in done.stdout.splitlines() if "ERROR" in line), "it did not say why")
            raise EmbeddedError(f"Maven could not fetch {COORDINATES}: {problem}")
        shutil.rmtree(folder, ignore_errors=True)
        Path(scratch, "lib").rename(folder)
    jars = _jars(folder)
    if jars is None:
        raise EmbeddedError(f"Maven fetched no DynamoDBLocal*.jar into {folder}")
    return jars
