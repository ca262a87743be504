"""The peer: Kafka Streams on a smaller job (bench/peers/kafka-streams), built and measured where Java and Maven are.

It keeps counts in three re-keyed 60 s windows in memory, at least once: no validation, prices, de-duplication, proof
or durable state. Its events per core-second are a lower hurdle than the same job would be.
"""

import shutil
import subprocess
import time
from pathlib import Path

from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined] # public, but not marked as exported

from streams.bench.home import EVENTS
from streams.bench.meter import total, tree
from streams.bench.offsets import Group
from streams.bench.rates import Sample, rate
from streams.errors import DependencyError
from streams.kafka import REACH_S, admin, metadata
from streams.settings import Settings

SOURCE = Path(__file__).parents[2] / "bench" / "peers" / "kafka-streams"
APPLICATION, ALARMS = "peer-kafka-streams", "peer.alarms"
BRANCHES = 3
BUILD_S = 600.0
LONGEST_S = 60.0
"""How long it is watched after its first commit: long enough for compiled code, short enough for five runs."""
START_S = 60.0
LOOK_EVERY_S = 0.25


def available() -> bool:
    """Whether it can be built and run here: a source checkout, a JDK and Maven."""
    return SOURCE.is_dir() and all(map(shutil.which, ("java", "mvn")))


def build(into: Path) -> list[str]:
    """Build it in a directory; gives the command to which arguments are added.

    Raises:
        DependencyError: Maven failed.
    """
    project = into / "kafka-streams"
    if not (project / "target" / "lib").is_dir():
        shutil.copytree(SOURCE, project, dirs_exist_ok=True)
        done = subprocess.run(
            ["mvn", "-q", "-B", "package"], cwd=project, capture_output=True, text=True, timeout=BUILD_S, check=False
        )
        if done.returncode:
            raise DependencyError(f"the Kafka Streams peer cannot be built: {done.stdout.strip()[-300:]}")
    classes = project / "target"
    return ["java", "-Xmx3g", "-cp", f"{classes / 'classes'}:{classes / 'lib'}/*", "ringfence.peer.Peer"]


def measure(settings: Settings, home: Path, records: int) -> float:
    """Processor time per event, microseconds, of all its threads after its start.

    Raises:
        DependencyError: it cannot be built, ended, or makes no progress.
    """
    group = f"{APPLICATION}-{time.time_ns()}"  # one that was killed keeps its name for a session
    command = [*build(home), settings.kafka.bootstrap_servers, group, "1"]
    client = admin(settings)  # a name, so that it outlives its futures
    client.create_topics([NewTopic(ALARMS, 1, 1)])[ALARMS].result(REACH_S)
    with (home / "peer.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, start_new_session=True)
    try:
        samples = _follow(settings, group, process, records)
    finally:
        process.kill()
        process.wait()
        _forget(settings)
    reached = samples[-1].done
    return rate(samples, reached, reached).us_per_event


def _follow(settings: Settings, group: str, process: "subprocess.Popen[bytes]", records: int) -> list[Sample]:
    """Samples from its start until it is done or was watched long enough."""
    samples: list[Sample] = []
    started_s, begun_s = time.monotonic(), 0.0
    branches: dict[str, Group] = {}
    try:
        while not begun_s or time.monotonic() < begun_s + LONGEST_S:
            done, now_s = _least_done(settings, group, branches), time.monotonic()
            if process.poll() is not None or (not begun_s and now_s > started_s + START_S):
                raise DependencyError(f"the Kafka Streams peer does not run (exit status {process.poll()})")
            begun_s = begun_s or (now_s if done else 0.0)
            samples.append(Sample(now_s, done, total(tree(process.pid)).cpu_s))
            if done >= records:
                break
            time.sleep(LOOK_EVERY_S)
    finally:
        for branch in branches.values():
            branch.close()
    return samples


def _least_done(settings: Settings, group: str, branches: dict[str, Group]) -> int:
    """An event counts when every branch has it: the least over the events and each topic of the re-keyed."""
    if len(branches) <= BRANCHES:
        for topic in metadata(admin(settings), settings).topics:
            if topic == EVENTS or (topic.startswith(group) and topic.endswith("repartition")):
                branches.setdefault(topic, Group(settings, group, topic))
    return min(branch.done() for branch in branches.values()) if len(branches) > BRANCHES else 0


def _forget(settings: Settings) -> None:
    """Delete its topics: the next run makes its own."""
    client = admin(settings)
    names = [name for name in metadata(client, settings).topics if name.startswith((APPLICATION, ALARMS))]
    for future in client.delete_topics(names, operation_timeout=REACH_S).values():
        future.result()
