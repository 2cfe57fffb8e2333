import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, run } from "./commands.ts";

export interface MachineOptions {
  id: number;
  name: string;
  /** The folder for its disks. */
  dir: string;
  /** The root folder of the image; stays as it is. */
  image: string;
  /** The namespace that it lives in. */
  namespace: string;
  /** What the machine is told of the rehearsed world: names, and the authorities that stand for the real ones. */
  world: { hosts: Record<string, string>; authority: string; originPullAuthority: string };
}

/**
 * One machine: a systemd of its own in namespaces of its own, on a disk of its own over the image. It boots cloud-init as a
 * Hetzner server does. It shares the host's kernel; what differs for that is in `substitutes`.
 */
export class Machine {
  readonly options: MachineOptions;
  readonly #root: string;
  #nspawn: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  readonly #volumes = new Map<number, string>();

  constructor(options: MachineOptions) {
    this.options = options;
    this.#root = join(options.dir, "root");
  }

  /** Makes its disk: a layer over the image, with what stands for the parts of a real host. */
  async install(): Promise<void> {
    const { dir, image } = this.options;
    for (const folder of ["upper", "work", "root", "docker"])
      mkdirSync(join(dir, folder), { recursive: true });
    await run(
      "mount",
      "-t",
      "overlay",
      "overlay",
      "-o",
      `lowerdir=${image},upperdir=${join(dir, "upper")},workdir=${join(dir, "work")}`,
      this.#root,
    );
    this.#substitutes();
    await run("chroot", this.#root, "update-ca-certificates");
  }

  /** Switches it on. It is on when this returns, not up. */
  async powerOn(): Promise<void> {
    const { dir, name, namespace } = this.options;
    const log = openSync(join(dir, "console.log"), "a");
    const nspawn = spawn(
      "systemd-nspawn",
      [
        "--quiet",
        "--boot",
        "--register=no",
        "--keep-unit",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        `--directory=${this.#root}`,
        `--machine=${name.slice(0, 60)}`,
        `--network-namespace-path=/run/netns/${namespace}`,
        "--capability=all",
        "--system-call-filter=@keyring bpf @swap",
        `--bind=${join(dir, "docker")}:/var/lib/docker`,
        "--console=pipe",
      ],
      {
        stdio: ["ignore", log, log],
        env: { PATH: process.env.PATH, SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network" },
        detached: true,
      },
    );
    this.#nspawn = nspawn;
    this.#ended = new Promise((resolve) => nspawn.once("exit", () => resolve()));
    await this.leader();
    for (const [id, device] of this.#volumes) await this.#show(id, device);
  }

  /** Pulls the plug: every process of it ends at once, in the middle of whatever it did. */
  async powerOff(): Promise<void> {
    const leader = this.#leader();
    if (leader !== undefined) process.kill(leader, "SIGKILL");
    this.#nspawn?.kill("SIGKILL");
    await this.#ended;
    this.#nspawn = undefined;
  }

  /** Asks it to end in order, as a press of its power button does. */
  async shutdown(limitMs = 90_000): Promise<void> {
    // systemd's own signal for that: SIGRTMIN+4.
    this.#signal(38);
    const late = setTimeout(() => void this.powerOff(), limitMs);
    await this.#ended;
    clearTimeout(late);
    this.#nspawn = undefined;
  }

  get on(): boolean {
    return this.#nspawn !== undefined && this.#nspawn.exitCode === null && this.#nspawn.signalCode === null;
  }

  /** Gives it a volume: a disk that appears under the stable name of a Hetzner volume. */
  async attach(id: number, device: string): Promise<void> {
    this.#volumes.set(id, device);
    if (this.on) await this.#show(id, device);
  }

  async detach(id: number): Promise<void> {
    this.#volumes.delete(id);
    if (this.on) await this.inside("sh", "-c", `umount -l /srv/data; rm -f ${linkOf(id)}`);
  }

  get volumes(): number[] {
    return [...this.#volumes.keys()];
  }

  /** Runs a command in the machine, as its hypervisor could; its output. For looking, not for helping. */
  async inside(...command: string[]): Promise<string> {
    return run("nsenter", "--target", String(await this.leader()), "--all", ...command);
  }

  /** The process id of its init, as soon as it is there. */
  async leader(): Promise<number> {
    for (;;) {
      const found = this.#leader();
      if (found !== undefined) return found;
      if (!this.on)
        throw new Error(`machine ${this.options.name} did not start: ${this.console().slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  console(): string {
    return readFileSync(join(this.options.dir, "console.log"), "utf8");
  }

  async destroy(): Promise<void> {
    if (this.on) await this.powerOff();
    for (let tries = 0; tries < 20 && !(await attempt("umount", this.#root)); tries++)
      await new Promise((resolve) => setTimeout(resolve, 200));
    rmSync(this.options.dir, { recursive: true, force: true });
  }

  #leader(): number | undefined {
    const { pid } = this.#nspawn ?? {};
    if (pid === undefined) return undefined;
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
      const first = Number(children.split(" ")[0]);
      // It is systemd only after nspawn's own child has become it.
      return first && readFileSync(`/proc/${first}/comm`, "utf8").trim() === "systemd" ? first : undefined;
    } catch {
      return undefined;
    }
  }

  #signal(signal: number): void {
    const leader = this.#leader();
    if (leader !== undefined) process.kill(leader, signal as unknown as NodeJS.Signals);
  }

  async #show(id: number, device: string): Promise<void> {
    const [major, minor] = (await run("stat", "--format=%Hr %Lr", device)).split(" ");
    await this.inside(
      "sh",
      "-c",
      `mkdir -p /dev/disk/by-id; [ -e /dev/volume${id} ] || mknod /dev/volume${id} b ${major} ${minor}; ln -sf /dev/volume${id} ${linkOf(id)}`,
    );
  }

  /** What a real server has and a machine that shares its kernel lacks, each at the place where it is looked for. */
  #substitutes(): void {
    const { world, name } = this.options;
    const put = (path: string, text: string, mode = 0o644) => {
      const file = join(this.#root, path);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, text, { mode });
    };
    put("etc/hostname", `${name}\n`);
    put("etc/machine-id", "");
    put(
      "etc/hosts",
      [`127.0.0.1 localhost`, ...Object.entries(world.hosts).map(([host, ip]) => `${ip} ${host}`), ""].join(
        "\n",
      ),
    );
    put("usr/local/share/ca-certificates/rehearsed-internet.crt", world.authority);
    // As Hetzner's images have it.
    put("etc/cloud/cloud.cfg.d/90_hetzner.cfg", "datasource_list: [Hetzner, None]\nlocale: false\n");
    // The DMI table, which cloud-init does not look for in a container.
    put(
      "usr/sbin/dmidecode",
      `#!/bin/sh\ncase "$*" in *manufacturer*) echo Hetzner ;; *serial*) echo ${this.options.id} ;; *product*) echo vServer ;; esac\n`,
      0o755,
    );
    const dmi = join(this.#root, "usr/lib/python3/dist-packages/cloudinit/dmi.py");
    writeFileSync(dmi, readFileSync(dmi, "utf8").replace("if is_container():", "if False:"));
    rmSync(join(this.#root, "usr/lib/python3/dist-packages/cloudinit/__pycache__/dmi.cpython-311.pyc"), {
      force: true,
    });
    // The control groups, which a real server's Docker may write to.
    put(
      "etc/systemd/system/docker.service.d/rehearsal.conf",
      "[Service]\nExecStartPre=/bin/sh -c 'for g in /sys/fs/cgroup/*/; do mount -o remount,rw,bind $g; done'\n",
    );
    // Docker and nginx come with cloud-init's packages: not before it.
    for (const unit of ["docker.service", "docker.socket", "nginx.service", "containerd.service"])
      rmSync(
        join(
          this.#root,
          `etc/systemd/system/${unit.endsWith("socket") ? "sockets" : "multi-user"}.target.wants/${unit}`,
        ),
        { force: true },
      );
    // Nobody here has the private key of Cloudflare's authority: the rehearsed edge's own takes its place.
    put("opt/rehearsal/origin-pull-ca.pem", world.originPullAuthority);
    put(
      "etc/systemd/system/rehearsed-edge.service",
      "[Unit]\nAfter=cloud-init.service\nBefore=cloud-final.service\n[Service]\nType=oneshot\nExecStart=/bin/cp /opt/rehearsal/origin-pull-ca.pem /etc/quayside/tls/origin-pull-ca.new\nExecStart=/bin/mv /etc/quayside/tls/origin-pull-ca.new /etc/quayside/tls/origin-pull-ca.pem\n[Install]\nWantedBy=cloud-init.target\n",
    );
    const wanted = join(this.#root, "etc/systemd/system/cloud-init.target.wants");
    mkdirSync(wanted, { recursive: true });
    symlinkSync("../rehearsed-edge.service", join(wanted, "rehearsed-edge.service"));
  }
}

function linkOf(volume: number): string {
  return `/dev/disk/by-id/scsi-0HC_Volume_${volume}`;
}
