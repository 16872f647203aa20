"""Where DynamoDB Local comes from on this machine: a folder of jars, a Docker image, or Maven."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tableguard.errors import EmbeddedError
from tableguard.paths import ROOT

VERSION = "3.1.0"
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


def _untold(_: str) -> None:
    """Where progress goes if nobody asks for it."""


def present(environment: Mapping[str, str] = os.environ) -> Source | None:
    """What can be started at once, without fetching anything; EmbeddedError if the named folder is not one of jars."""
    named = environment.get(VARIABLE)
    if named:
        jars = _jars(Path(named))
        if jars is None:
            raise EmbeddedError(f"{VARIABLE}={named}: there is no DynamoDBLocal*.jar in it, nor in its folder lib")
        return jars
    return _jars(FOLDER) or _jars(ROOT / FOLDER) or _jars(_cache(environment)) or _image(environment)


def fetched(environment: Mapping[str, str] = os.environ, report: Callable[[str], None] = _untold) -> Source:
    """What is present, else what Maven fetches; EmbeddedError naming all three ways where there is none."""
    source = present(environment)
    if source is not None:
        return source
    maven = shutil.which("mvn", path=environment.get("PATH"))
    if maven is None:
        raise EmbeddedError(_ABSENT)
    report(f"fetching {COORDINATES} by Maven, 48 MB, once, into {_cache(environment)}")
    return _from_maven(maven, _cache(environment))


def _jars(folder: Path) -> Jars | None:
    """The jars of a folder: as Maven copies them, all in one, or as AWS's archive has them, in two."""
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
    asked = subprocess.run([docker, "image", "inspect", IMAGE], capture_output=True, check=False)
    return Image(docker) if asked.returncode == 0 else None


def _from_maven(maven: str, folder: Path) -> Jars:
    """Copied beside the folder and moved there whole: what is in the cache is never half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as aside:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={aside}/lib"]
        copying = [maven, "--quiet", "--batch-mode", "--strict-checksums", f"--file={_POM}", *goal]
        done = subprocess.run(copying, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            said = next((line for line in done.stdout.splitlines() if "ERROR" in line), "it did not say why")
            raise EmbeddedError(f"Maven could not fetch {COORDINATES}: {said}")
        shutil.rmtree(folder, ignore_errors=True)
        Path(aside, "lib").rename(folder)
    jars = _jars(folder)
    if jars is None:
        raise EmbeddedError(f"Maven fetched no DynamoDBLocal*.jar into {folder}")
    return jars
