#!/usr/bin/python3
# Follows the release record: runs on a server every 20 seconds, by release-agent.timer.
#   agent.py follow              one look at the record, and what it asks for
#   agent.py verify < CONTENT    the record alone: says in JSON what it is, exit 1 when it is not to be trusted
#   agent.py restore             before the app's first start, by data@restore.service: an empty volume gets the newest backup
#   agent.py backup              every night, by data-backup.timer
# What it knows of this server is in /etc/quayside/server.json, written at the server's birth. It keeps everything else in
# /var/lib/quayside, each file replaced whole, so that it can be killed anywhere and goes on from there.
# Full-line comments don't reach the server (infra/src/hetzner/user-data.ts): they may change without replacing it.
import base64, hashlib, http.client, json, os, re, shutil, ssl, subprocess, sys, tempfile, time
import urllib.error, urllib.parse, urllib.request

# Tests put the server's files below another folder.
ROOT = os.environ.get("AGENT_ROOT", "")
ETC = ROOT + "/etc/quayside"
STATE = ROOT + "/var/lib/quayside"
RUN = ROOT + "/run/quayside"
DATA = ROOT + "/srv/data"
PORTS = {"blue": int(os.environ.get("AGENT_PORT_BLUE", 8001)), "green": int(os.environ.get("AGENT_PORT_GREEN", 8002))}

RECORD = re.compile(
    r"v=1 release=(?P<release>[a-z0-9][a-z0-9.-]{2,80}) at=(?P<at>[0-9]{1,12}) "
    r"image=(?P<image>(?P<name>[a-z0-9./:_-]+)@sha256:[0-9a-f]{64})(?: sealed=(?P<sealed>[A-Za-z0-9_-]+))?"
)
# In seconds.
HEALTH_LIMIT = float(os.environ.get("AGENT_HEALTH_LIMIT", 120))
DRAIN_LIMIT = 30
PAUSE = float(os.environ.get("AGENT_PAUSE", 20))
PREDECESSOR_LIMIT = 900
# What a later try may mend; after any other failure the agent waits for another record.
TRANSIENT = ("secrets", "data", "pull", "predecessor")
# Any number, the same on all servers.
MIGRATION_LOCK = 7220411

# Runs inside the new image, by `manage.py shell`. A pooled connection would not keep the lock: use Neon's direct one.
MIGRATE = f"""
from django.core.management import call_command
from django.db import connection
with connection.cursor() as cursor:
    if connection.vendor == "postgresql":
        cursor.execute("SET lock_timeout = '60s'")
        cursor.execute("SELECT pg_advisory_lock({MIGRATION_LOCK})")
call_command("migrate", interactive=False)
"""


class Failure(Exception):
    def __init__(self, step, why):
        super().__init__(why)
        self.step = step


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def read(path, default=None):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return default


def write(path, content, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".draft-")
    with os.fdopen(handle, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
        file.flush()
        os.fsync(file.fileno())
    os.chmod(draft, mode)
    os.replace(draft, path)
    sync(os.path.dirname(path))


def sync(folder):
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def run(step, *command, stdin=b"", limit=600, env=None, well=None):
    # A command that fails, ends late or is not there is a failure of its step, with the last line that it said; unless it says
    # what counts as well.
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=limit, env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired:
        raise Failure(step, f"{command[0]} took longer than {limit} seconds")
    except OSError as error:
        raise Failure(step, f"{command[0]}: {error.strerror}")
    if done.returncode != 0:
        said = (done.stderr + b"\n" + done.stdout).decode(errors="replace")
        if well and well in said:
            return done.stdout
        print(redacted(said.strip()), flush=True)
        raise Failure(step, last_line(done.stderr.decode(errors="replace")) or last_line(said) or f"exit {done.returncode}")
    return done.stdout


def last_line(text):
    # The last exception's, where there is one: Postgres shows the place below it.
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Exit)\b", line)]
    return (errors or lines or [""])[-1]


SECRET_VALUES = set()


def redacted(text):
    # What is told may be read by anybody: no value of a secret, and no password of an address.
    for value in sorted(SECRET_VALUES, key=len, reverse=True):
        text = text.replace(value, "***")
    return re.sub(r"://[^@\s/]+@", "://***@", text)


def get(url, headers=None, limit=10):
    request = urllib.request.Request(url, headers={"user-agent": "quayside-agent", **(headers or {})})
    with urllib.request.urlopen(request, timeout=limit) as answer:
        return answer.read(1 << 20)


# --- the record ---


def content_of(name, resolvers):
    # The TXT record's content by DNS over HTTPS, or the reason why no resolver told it.
    why = "no resolver"
    for resolver in resolvers:
        query = urllib.parse.urlencode({"name": name, "type": "TXT"})
        try:
            answer = json.loads(get(f"{resolver}?{query}", {"accept": "application/dns-json"}))
        except (OSError, ValueError, http.client.HTTPException) as error:
            why = f"{urllib.parse.urlsplit(resolver).hostname}: {getattr(error, 'reason', error)}"
            continue
        for record in answer.get("Answer", []):
            if record.get("type") == 16:
                return unquoted(record["data"])
        why = f"there is no TXT record {name}"
    raise Failure("record", why)


def unquoted(data):
    # A record is one string or several, each of at most 255 bytes.
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', data)
    return re.sub(r"\\(.)", r"\1", "".join(parts)) if parts else data


def verified(content, stack, images, public_key):
    # None where nothing is to be run. The signature is over all that stands before it, so everything in it is ours; that it
    # begins with this stack's name keeps another stack's record from being replayed here.
    if content == "v=1 release=none":
        return None
    body, _, signature = content.rpartition(" sig=")
    record = RECORD.fullmatch(body)
    if not record:
        raise Failure("record", "the release record is not one that this server understands")
    with tempfile.TemporaryDirectory() as folder:
        files = {"key": public_key.encode(), "body": body.encode(), "sig": unpadded(signature)}
        for name, data in files.items():
            with open(f"{folder}/{name}", "wb") as file:
                file.write(data)
        verify = f"openssl pkeyutl -verify -pubin -inkey {folder}/key -rawin -in {folder}/body -sigfile {folder}/sig"
        if subprocess.run(verify.split(), capture_output=True).returncode != 0:
            raise Failure("record", "the release record is not signed with this stack's key")
    fields = record.groupdict()
    if not fields["release"].startswith(f"{stack}-"):
        raise Failure("record", f"the release record is another stack's: {fields['release']}")
    if fields["name"] not in images:
        raise Failure("record", f"the image {fields['name']} is not allowed here")
    return {**fields, "at": int(fields["at"])}


def unpadded(text):
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""


# --- the app's secrets ---


def write_secrets(server, sealed, slot):
    # From Doppler into memory, one file a secret; when Doppler does not answer, the last set that it gave.
    kept = f"{STATE}/secrets.cred"
    if not sealed:
        values = {}
    else:
        key = ["-inkey", f"{ETC}/seal.key", "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256"]
        token = run("secrets", "openssl", "pkeyutl", "-decrypt", *key, stdin=unpadded(sealed)).decode()
        try:
            url = f"{server['doppler']}/v3/configs/config/secrets/download?format=json"
            found = json.loads(get(url, {"authorization": f"Bearer {token}"}))
            values = {name: value for name, value in found.items() if not name.startswith("DOPPLER_")}
            run("secrets", "systemd-creds", "encrypt", "--name=app", "-", kept + ".new", stdin=json.dumps(values).encode())
            os.chmod(kept + ".new", 0o600)
            os.replace(kept + ".new", kept)
        except (OSError, ValueError, http.client.HTTPException) as error:
            refused = isinstance(error, urllib.error.HTTPError) and error.code in (401, 403)
            if refused or not os.path.exists(kept):
                raise Failure("secrets", f"Doppler: {error}")
            print(f"Doppler: {error}; the last good set is used", flush=True)
            values = json.loads(run("secrets", "systemd-creds", "decrypt", "--name=app", kept, "-"))
    SECRET_VALUES.update(value for value in values.values() if len(value) > 5)
    # For the backup alone: the app does not see what opens it.
    backup = {name: values.pop(name) for name in list(values) if name.startswith("BACKUP_")}
    write(f"{RUN}/backup.json", json.dumps(backup), 0o600)
    folder = f"{RUN}/secrets/{slot}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, value in values.items():
        if re.fullmatch(r"[A-Za-z0-9_]+", name):
            write(f"{folder}/{name}", value, 0o440)
            os.chown(f"{folder}/{name}", -1, server["group"])
    # For `docker pull` alone.
    if "REGISTRY_PASSWORD" in values:
        login = base64.b64encode(f"{values.get('REGISTRY_USERNAME', '')}:{values['REGISTRY_PASSWORD']}".encode()).decode()
        host = server["images"][0].split("/")[0]
        write(f"{RUN}/docker/config.json", json.dumps({"auths": {host: {"auth": login}}}), 0o600)
        for name in ("REGISTRY_USERNAME", "REGISTRY_PASSWORD"):
            if os.path.exists(f"{folder}/{name}"):
                os.unlink(f"{folder}/{name}")


# --- the data volume ---

# On the volume: it is in use, and what is on it is not to be restored over; or a restore has begun.
IN_USE, RESTORING = f"{DATA}/.quayside", f"{DATA}/.quayside-restoring"
BACKUP = ("BACKUP_REPOSITORY", "BACKUP_PASSWORD", "BACKUP_ACCESS_KEY_ID", "BACKUP_SECRET_ACCESS_KEY")


def backup_state():
    return json.loads(read(f"{STATE}/backup.json", "{}"))


def prepare_data(server):
    # As a service of its own: it may do other things than this one, and goes on when this one is killed.
    if not server.get("data") or (os.path.lexists(IN_USE) and backup_state()):
        return
    try:
        run("data", "systemctl", "start", "data@restore.service", limit=1800)
    except Failure as failure:
        raise Failure("data", backup_state().get("error") or str(failure))


def repository():
    # What restic is told by its environment; None where Doppler has no BACKUP_* values. Made where it is not there yet.
    values = json.loads(read(f"{RUN}/backup.json", "{}"))
    if not values:
        return None
    missing = [name for name in BACKUP if not values.get(name)]
    if missing:
        raise Failure("backup", f"Doppler lacks {', '.join(missing)}")
    SECRET_VALUES.update(value for value in values.values() if len(value) > 5)
    # Its errors have the address without the scheme in front, and that has the account's id.
    SECRET_VALUES.add(re.sub(r"^s3:(https?://)?", "", values["BACKUP_REPOSITORY"]))
    names = ("RESTIC_REPOSITORY", "RESTIC_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    env = {**{name: values[given] for name, given in zip(names, BACKUP)}, "AWS_DEFAULT_REGION": "auto"}
    run("backup", "restic", "init", env=env, well="already initialized")
    return env


def whose(server):
    # Whose snapshots they are: a successor with another name finds them.
    return f"{server['project']}-{server['stack']}"


def restore(server, state):
    in_use = os.path.lexists(IN_USE)
    newest = None
    try:
        env = repository()
        if env:
            listed = run("backup", "restic", "snapshots", "--host", whose(server), "--latest", "1", "--json", env=env)
            newest = max(json.loads(listed) or [], key=lambda each: each["time"], default=None)
            state["last"] = newest and newest["time"][:19] + "Z"
    except Failure:
        # A volume that is in use needs nothing of it.
        if not in_use:
            raise
    if in_use:
        return
    cut_off = os.path.lexists(RESTORING)
    if cut_off and not newest:
        raise Failure("backup", "a restore was cut off, and there is no backup any more to go on with")
    if newest and (cut_off or not set(os.listdir(DATA)) - {"lost+found"}):
        write(RESTORING, "")
        run("backup", "restic", "restore", newest["id"], "--target", DATA, limit=5 * 3600, env=env)
        state["restored"] = {"snapshot": newest["short_id"], "of": state["last"], "at": now()}
    write(IN_USE, "")
    if os.path.lexists(RESTORING):
        os.unlink(RESTORING)


def backup(server, state):
    env = repository()
    if not env:
        if state.get("outcome") != "off":
            print("Doppler has no BACKUP_* values: nothing is backed up", flush=True)
        state["outcome"] = "off"
        return
    if not os.path.lexists(IN_USE):
        raise Failure("backup", "the volume is not in use yet, or was never restored")
    # Of a backup that was killed.
    run("backup", "restic", "unlock", env=env)
    # By its relative name, so that it can be restored anywhere.
    os.chdir(DATA)
    without = ["--exclude", "lost+found", "--exclude", ".quayside*", "--one-file-system"]
    run("backup", "restic", "backup", ".", "--quiet", "--host", whose(server), *without, limit=5 * 3600, env=env)
    state["last"] = now()
    keep = ["--keep-daily", "7", "--keep-weekly", "4", "--keep-monthly", "6"]
    run("backup", "restic", "forget", "--quiet", "--host", whose(server), *keep, "--prune", limit=5 * 3600, env=env)
    state["outcome"] = "succeeded"


def data(work):
    server = json.loads(read(f"{ETC}/server.json"))
    state = {**backup_state(), "error": None}
    try:
        work(server, state)
    except Failure as failure:
        state.update(outcome="failed", error=redacted(str(failure))[:500])
        print(state["error"], flush=True)
    write(f"{STATE}/backup.json", json.dumps(state), 0o600)
    return 1 if state["error"] else 0


# --- the slots ---


def live_slot():
    # The proxy sends everything to green while the file is there: infra/machine/etc/nginx/conf.d/app.conf.
    for slot in ("green", "blue"):
        if os.path.exists(f"{STATE}/live/{slot}"):
            return slot
    return None


def switch(slot):
    other = "green" if slot == "blue" else "blue"
    write(f"{STATE}/live/{slot}", "")
    if os.path.exists(f"{STATE}/live/{other}"):
        os.unlink(f"{STATE}/live/{other}")
        sync(f"{STATE}/live")


def what_runs(slot):
    pairs = (line.split("=", 1) for line in read(f"{STATE}/slots/{slot}", "").splitlines())
    return {name.lower(): value for name, value in pairs}


def answers(server, slot):
    # "" when the app in this slot is healthy, else what is wrong.
    connection = http.client.HTTPConnection("127.0.0.1", PORTS[slot], timeout=5)
    try:
        connection.request("GET", server["health"], headers={"Host": server["host"], "X-Forwarded-Proto": "https"})
        status = connection.getresponse().status
        return "" if status == 200 else f"{server['health']} answers {status}"
    except (OSError, http.client.HTTPException) as error:
        return f"{server['health']} does not answer ({error})"
    finally:
        connection.close()


def start(step, slot):
    run(step, "systemctl", "restart", f"app@{slot}.service", limit=180)


def stop(slot):
    run("stop", "systemctl", "stop", f"app@{slot}.service", limit=120)


def drain(slot):
    # The proxy's connections to a slot are the established ones of this machine to its port.
    remote = f"0100007F:{PORTS[slot]:04X}"
    until = time.monotonic() + DRAIN_LIMIT
    while time.monotonic() < until:
        lines = [line.split() for line in (read("/proc/net/tcp") or "").splitlines()]
        if not any(line[2] == remote and line[3] == "01" for line in lines):
            return
        time.sleep(0.2)


# --- a release ---


def predecessor(server, record, attempt):
    # Servers go one after the other: this one waits until the one before it runs the release, or can't be asked for long.
    if not server.get("after"):
        return
    try:
        other = json.loads(get(server["after"]))
        tried = other.get("attempt") or {}
        if other.get("image") == record["image"] and other.get("healthy"):
            return
        if tried.get("image") == record["image"] and tried.get("final"):
            raise Failure("predecessor", f"{other.get('server')} could not be released: {other.get('lastError')}")
        why = f"waits for {other.get('server')}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        if time.time() - attempt["since"] > PREDECESSOR_LIMIT:
            return
        why = f"waits for the server before it, which does not answer ({error})"
    raise Failure("predecessor", why)


def in_image(server, record, slot, *command):
    # The same surroundings as app@.service gives the app.
    return (
        "docker", "run", "--rm", "--interactive", "--user", server["user"], "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",
        "--security-opt", "no-new-privileges", "--volume", f"{RUN}/secrets/{slot}:/run/secrets:ro",
        "--env", f"STACK={server['stack']}", "--env", f"SERVER={server['server']}", "--env", f"APP_HOST={server['host']}",
        "--entrypoint", "python", record["image"], "manage.py", *command,
    )  # fmt: skip


def release(server, state, record):
    live = live_slot()
    slot = "green" if live == "blue" else "blue"
    attempt = state["attempt"]

    def step(name):
        attempt["step"] = name
        report(server, state)

    step("predecessor")
    predecessor(server, record, attempt)
    stop(slot)
    step("secrets")
    write_secrets(server, record["sealed"], slot)
    step("data")
    prepare_data(server)
    step("pull")
    run("pull", "docker", "pull", "--quiet", record["image"], env={"DOCKER_CONFIG": f"{RUN}/docker"})
    step("check")
    run("check", *in_image(server, record, slot, "check", "--deploy"), limit=180)
    step("migrate")
    if server["primary"]:
        run("migrate", *in_image(server, record, slot, "shell"), stdin=MIGRATE.encode(), limit=1200)
    else:
        run("migrate", *in_image(server, record, slot, "migrate", "--check"), limit=180)
    step("start")
    about = {"IMAGE": record["image"], "RELEASE": record["release"], "PORT": PORTS[slot], "SINCE": now()}
    write(f"{STATE}/slots/{slot}", "".join(f"{name}={value}\n" for name, value in about.items()))
    start("start", slot)
    step("health")
    until = time.monotonic() + HEALTH_LIMIT
    while problem := answers(server, slot):
        if time.monotonic() > until:
            journal = ["journalctl", "--unit", f"app@{slot}.service", "--lines", "20", "--output", "cat"]
            said = subprocess.run(journal, capture_output=True).stdout.decode(errors="replace")
            print(redacted(said), flush=True)
            raise Failure("health", f"{problem} after {HEALTH_LIMIT:.0f} seconds; the app's last line: {last_line(said)}")
        time.sleep(0.5)
    step("switch")
    switch(slot)
    if live:
        step("drain")
        drain(live)
        stop(live)
        shutil.rmtree(f"{RUN}/secrets/{live}", ignore_errors=True)
    # The images of the last two weeks stay, for a way back when the registry is away.
    subprocess.run(["docker", "image", "prune", "--all", "--force", "--filter", "until=336h"], capture_output=True)


def keep_running(server, state):
    # The live slot runs, after a reboot too, whatever the record says: neither DNS nor Doppler is needed for it.
    slot = live_slot()
    if not slot:
        return
    switch(slot)
    active = subprocess.run(["systemctl", "is-active", "--quiet", f"app@{slot}.service"]).returncode == 0
    if not active or not os.path.isdir(f"{RUN}/secrets/{slot}"):
        write_secrets(server, state.get("sealed"), slot)
        start("start", slot)
        return
    state["misses"] = state.get("misses", 0) + 1 if answers(server, slot) else 0
    # A minute without an answer, then every five: it may hang.
    if state["misses"] % 15 == 3:
        start("start", slot)


def report(server, state):
    # What /_release answers: public, so it has no secret and little detail.
    slot = live_slot()
    runs = what_runs(slot) if slot else {}
    attempt = state.get("attempt") or {}
    told = {name: attempt.get(name) for name in ("release", "image", "step", "outcome", "error", "final", "startedAt", "finishedAt")}
    about = {
        "schema": 1,
        "server": server["server"],
        # Hetzner's id of the machine: a successor has the same name and addresses.
        "machine": read("/var/lib/cloud/data/instance-id", "").strip() or None,
        "stack": server["stack"],
        "release": runs.get("release"),
        "image": runs.get("image"),
        "since": runs.get("since"),
        "healthy": bool(slot) and answers(server, slot) == "",
        "attempt": told if attempt else None,
        "lastError": state.get("problem") or attempt.get("error"),
        "backup": {name: backup_state().get(name) for name in ("last", "outcome", "error", "restored")} if server.get("data") else None,
        "checkedAt": now(),
    }
    write(f"{STATE}/state.json", json.dumps(state), 0o600)
    write(f"{STATE}/release.json", json.dumps(about) + "\n")


def follow():
    server = json.loads(read(f"{ETC}/server.json"))
    state = json.loads(read(f"{STATE}/state.json", "{}"))
    problems = []
    try:
        keep_running(server, state)
    except Failure as failure:
        problems.append(f"the app does not start again: {redacted(str(failure))}")
    try:
        content = content_of(server["releaseRecord"], server["resolvers"])
        record = verified(content, server["stack"], server["images"], read(f"{ETC}/release.pub"))
        if record and record["at"] < state.get("at", 0):
            raise Failure("record", f"the release record is older than what this server has seen: {record['release']}")
        if record:
            act_on(server, state, record)
    except Failure as failure:
        problems.append(redacted(str(failure)))
    state["problem"] = "; ".join(problems) or None
    report(server, state)
    return 1 if problems else 0


def act_on(server, state, record):
    state["at"] = record["at"]
    slot = live_slot()
    attempt = state.get("attempt") or {}
    same = attempt.get("at") == record["at"] and attempt.get("image") == record["image"]
    if slot and what_runs(slot).get("image") == record["image"] and not (same and attempt["outcome"] == "failed"):
        # It runs already: only its name, or the token for its secrets, may be new.
        state["sealed"] = record["sealed"]
        if not same or attempt.get("outcome") != "succeeded":
            done = {"outcome": "succeeded", "step": "done", "error": None, "final": True, "finishedAt": now()}
            state["attempt"] = {**begun(record), **done}
            rename(slot, record["release"])
        return
    if same and attempt["outcome"] == "failed" and (attempt["final"] or time.time() < attempt["next"]):
        return
    if not same:
        state["attempt"] = begun(record)
    attempt = state["attempt"]
    attempt.update(outcome="running", error=None, final=False)
    try:
        release(server, state, record)
        state["sealed"] = record["sealed"]
        attempt.update(outcome="succeeded", step="done", final=True, finishedAt=now())
    except Failure as failure:
        attempt["tries"] += 1
        final = failure.step not in TRANSIENT
        pause = 0 if failure.step == "predecessor" else min(PAUSE * 2 ** attempt["tries"], 300)
        error = redacted(f"{failure.step}: {failure}")[:500]
        attempt.update(outcome="failed", error=error, final=final, next=time.time() + pause, finishedAt=now())
        print(error, flush=True)
        if final:
            spare = "green" if live_slot() == "blue" else "blue"
            subprocess.run(["systemctl", "stop", f"app@{spare}.service"], capture_output=True)


def begun(record):
    about = {"release": record["release"], "image": record["image"], "at": record["at"]}
    return {**about, "startedAt": now(), "since": time.time(), "tries": 0}


def rename(slot, name):
    about = {**{key.upper(): value for key, value in what_runs(slot).items()}, "RELEASE": name}
    write(f"{STATE}/slots/{slot}", "".join(f"{key}={value}\n" for key, value in about.items()))


def verify():
    given = json.loads(sys.stdin.read())
    try:
        record = verified(unquoted(given["content"]), given["stack"], given["images"], given["publicKey"])
        print(json.dumps({"record": record and {name: record[name] for name in ("release", "image", "at")}}))
        return 0
    except Failure as failure:
        print(json.dumps({"problem": str(failure)}))
        return 1


if __name__ == "__main__":
    works = {"follow": follow, "verify": verify, "backup": lambda: data(backup), "restore": lambda: data(restore)}
    sys.exit(works[sys.argv[1]]())
