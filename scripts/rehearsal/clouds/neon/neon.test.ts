import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Api, createApiClient, EndpointType } from "@neondatabase/api-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Listening } from "../base/serve.ts";
import { type NeonOptions, startNeon } from "./start.ts";

const TOKEN = "napi_key";
let world: string;
let time: number;
let neon: Listening;
let client: Api<unknown>;

async function start(options: Partial<NeonOptions> = {}) {
  neon = await startNeon({ world, token: TOKEN, now: () => new Date(time), ...options });
  client = createApiClient({ apiKey: TOKEN, baseURL: `${neon.url}/api/v2` });
}
beforeEach(async () => {
  world = mkdtempSync(join(tmpdir(), "quayside-neon-"));
  time = Date.parse("2026-10-01T12:00:00Z");
  await start();
});
afterEach(async () => {
  await neon.close();
  rmSync(world, { recursive: true, force: true });
});

const pass = (ms: number) => {
  time += ms;
};
async function createProject(name = "quayside") {
  const { data } = await client.createProject({ project: { name, region_id: "aws-us-west-2" } });
  pass(200);
  return data;
}
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error) => `${error.response.status} ${error.response.data.message}`,
  );

describe("projects, through the official client", () => {
  test("come with a branch, an endpoint, a role, a database, and operations that end by the clock", async () => {
    const { data } = await client.createProject({ project: { name: "quayside" } });
    expect(data.operations.map(({ action, status }) => [action, status])).toEqual([
      ["create_timeline", "running"],
      ["start_compute", "scheduling"],
    ]);
    expect(data.connection_uris[0]?.connection_uri).toMatch(
      /^postgresql:\/\/neondb_owner:npg_\w+@ep-[\w-]+\.us-west-2\.aws\.neon\.tech\/neondb\?sslmode=require/,
    );
    const { id } = data.project;
    const endpoint = async () => (await client.listProjectEndpoints(id)).data.endpoints[0];
    expect(await endpoint()).toMatchObject({ current_state: "init", pending_state: "active" });
    pass(100);
    const operation = data.operations[1]?.id ?? "";
    expect((await client.getProjectOperation(id, operation)).data.operation.status).toBe("running");
    pass(100);
    expect((await client.getProjectOperation(id, operation)).data.operation.status).toBe("finished");
    expect(await endpoint()).toMatchObject({ current_state: "active", branch_id: data.branch.id });
    expect((await client.getProject(id)).data.project).toMatchObject({ name: "quayside", pg_version: 17 });
  });

  test("refuse more work while operations run", async () => {
    const { data } = await client.createProject({ project: { name: "quayside" } });
    const create = () => client.createProjectBranch(data.project.id);
    expect(await refusal(create())).toMatch(/^423 project already has running conflicting operations/);
    pass(200);
    expect(await refusal(create())).toBe("done");
  });

  test("are listed in pages, found by name, renamed and deleted", async () => {
    for (const name of ["a", "b", "c"]) await createProject(name);
    const first = (await client.listProjects({ limit: 2 })).data;
    expect(first.projects.map(({ name }) => name)).toEqual(["a", "b"]);
    const cursor = first.pagination?.cursor ?? "";
    expect((await client.listProjects({ limit: 2, cursor })).data.projects.map(({ name }) => name)).toEqual([
      "c",
    ]);
    const found = (await client.listProjects({ search: "b" })).data.projects[0];
    await client.updateProject(found?.id ?? "", { project: { name: "z" } });
    await client.deleteProject(found?.id ?? "");
    expect(await refusal(client.getProject(found?.id ?? ""))).toBe("404 project not found");
  });
});

describe("branches", () => {
  test("inherit roles, passwords and databases, and have connections of their own", async () => {
    const { project, roles } = await createProject();
    const { data } = await client.createProjectBranch(project.id, {
      branch: { name: "dev" },
      endpoints: [{ type: EndpointType.ReadWrite }],
    });
    expect(data.branch).toMatchObject({ name: "dev", current_state: "init", default: false });
    pass(200);
    const query = { projectId: project.id, branch_id: data.branch.id, role_name: "neondb_owner" };
    const uri = async (more: object) =>
      (await client.getConnectionUri({ ...query, database_name: "neondb", ...more })).data.uri;
    expect(await uri({})).toContain(`:${roles[0]?.password}@${data.endpoints[0]?.host}/neondb`);
    expect(await uri({ pooled: true })).toContain(`${data.endpoints[0]?.id}-pooler.`);
    expect((await client.getProjectBranch(project.id, data.branch.id)).data.branch.current_state).toBe(
      "ready",
    );
  });

  test("have unique names, a limit by plan, and go when nothing hangs on them", async () => {
    const { project, branch } = await createProject();
    const create = async (name: string, parent_id?: string) => {
      const { data } = await client.createProjectBranch(project.id, {
        branch: { name, ...(parent_id ? { parent_id } : {}) },
      });
      pass(200);
      return data.branch.id;
    };
    const dev = await create("dev");
    const child = await create("child", dev);
    expect(await refusal(create("dev"))).toMatch(/^409 /);
    expect(await refusal(client.deleteProjectBranch({ projectId: project.id, branchId: branch.id }))).toMatch(
      /^422 .*default/,
    );
    expect(await refusal(client.deleteProjectBranch({ projectId: project.id, branchId: dev }))).toMatch(
      /^422 .*children/,
    );
    await client.deleteProjectBranch({ projectId: project.id, branchId: child });
    pass(200);
    await client.deleteProjectBranch({ projectId: project.id, branchId: dev });
    pass(200);
    for (let n = 1; n < 10; n++) await create(`b${n}`);
    expect(await refusal(create("eleventh"))).toBe("422 branches limit exceeded");
    const { data } = await client.listProjectBranches({
      projectId: project.id,
      sort_by: "name",
      sort_order: "asc",
    });
    expect(data.branches.map(({ name }) => name)).toEqual(
      [...Array(9).keys()].map((n) => `b${n + 1}`).concat("main"),
    );
    expect(data.annotations).toEqual({});
  });

  test("go back to a moment of their history, and what was is kept under a name", async () => {
    const { project, branch } = await createProject();
    pass(3_600_000);
    const to = (source_timestamp: string) => ({
      source_branch_id: branch.id,
      source_timestamp,
      preserve_under_name: "before-restore",
    });
    const restore = (body: object) =>
      client.restoreProjectBranch(project.id, branch.id, { source_branch_id: branch.id, ...body });
    expect(await refusal(restore({ source_timestamp: "2026-10-01T12:30:00Z" }))).toMatch(
      /^400 preserve_under_name/,
    );
    expect(await refusal(restore(to("2026-09-01T00:00:00Z")))).toMatch(/^400 .*history/);
    expect(await refusal(restore(to("2026-12-01T00:00:00Z")))).toMatch(/^400 .*future/);
    const { data } = await restore(to("2026-10-01T12:30:00Z"));
    expect(data.operations.length).toBeGreaterThan(0);
    pass(300);
    const { branches } = (await client.listProjectBranches({ projectId: project.id })).data;
    const kept = branches.find(({ name }) => name === "before-restore");
    expect(branches.find(({ id }) => id === branch.id)).toMatchObject({
      name: "main",
      default: true,
      parent_id: kept?.id,
      parent_timestamp: "2026-10-01T12:30:00.000Z",
      restored_from: branch.id,
    });
  });

  test("can be protected on a paid plan only", async () => {
    const { project, branch } = await createProject();
    const protect = (id: string, branchId: string) =>
      client.updateProjectBranch(id, branchId, { branch: { protected: true } });
    expect(await refusal(protect(project.id, branch.id))).toMatch(/^422 protected branches limit/);
    await neon.close();
    await start({ plan: "launch" });
    await protect(project.id, branch.id);
    expect((await client.getCurrentUserInfo()).data.plan).toBe("launch_v3");
    expect((await client.getProjectBranch(project.id, branch.id)).data.branch.protected).toBe(true);
  });
});

test("endpoints are suspended and started, and one of a branch writes", async () => {
  const { project, branch, endpoints } = await createProject();
  const id = endpoints[0]?.id ?? "";
  await client.suspendProjectEndpoint(project.id, id);
  pass(100);
  const state = async () => (await client.getProjectEndpoint(project.id, id)).data.endpoint.current_state;
  expect(await state()).toBe("idle");
  await client.startProjectEndpoint(project.id, id);
  pass(100);
  expect(await state()).toBe("active");
  const create = (type: EndpointType) =>
    client.createProjectEndpoint(project.id, { endpoint: { branch_id: branch.id, type } });
  expect(await refusal(create(EndpointType.ReadWrite))).toMatch(/^409 /);
  expect(await refusal(create(EndpointType.ReadOnly))).toBe("done");
  pass(100);
  const grow = client.updateProjectEndpoint(project.id, id, { endpoint: { autoscaling_limit_max_cu: 8 } });
  expect(await refusal(grow)).toMatch(/^422 .*2 CU/);
});

test("roles and databases are made, and a password is told once and reset", async () => {
  const { project, branch, roles } = await createProject();
  const at = [project.id, branch.id] as const;
  await client.createProjectBranchRole(...at, { role: { name: "app" } });
  pass(100);
  await client.createProjectBranchDatabase(...at, { database: { name: "app", owner_name: "app" } });
  pass(100);
  const { data } = await client.listProjectBranchRoles(...at);
  expect(data.roles.map(({ name, password }) => [name, password])).toEqual([
    ["neondb_owner", undefined],
    ["app", undefined],
  ]);
  const before = (await client.getProjectBranchRolePassword(...at, "neondb_owner")).data.password;
  expect(before).toBe(roles[0]?.password);
  const after = (await client.resetProjectBranchRolePassword(...at, "neondb_owner")).data.role.password;
  expect(after).not.toBe(before);
  pass(100);
  expect(await refusal(client.deleteProjectBranchRole(...at, "app"))).toMatch(/^422 role owns/);
  const twin = client.createProjectBranchDatabase(...at, { database: { name: "app", owner_name: "app" } });
  expect(await refusal(twin)).toMatch(/^409 /);
});

test("a key that is limited to a project does everything below it, and nothing else", async () => {
  const { project, branch } = await createProject();
  await createProject("other");
  const key = await client.createOrgApiKey("org-quayside-00000001", {
    key_name: "limited",
    project_id: project.id,
  });
  const limited = createApiClient({ apiKey: key.data.key, baseURL: `${neon.url}/api/v2` });
  expect((await limited.listProjectBranches({ projectId: project.id })).data.branches).toMatchObject([
    { id: branch.id },
  ]);
  expect(await refusal(limited.createProjectBranch(project.id))).toBe("done");
  expect(await refusal(limited.listProjects({}))).toMatch(/^403 /);
  expect(await refusal(limited.deleteProject(project.id))).toMatch(/^403 /);
  const { data } = await client.listProjects({});
  const other = data.projects.find(({ name }) => name === "other")?.id ?? "";
  expect(await refusal(limited.listProjectBranches({ projectId: other }))).toMatch(/^403 /);
});

test("a wrong key is refused, and errors have Neon's body", async () => {
  const stranger = createApiClient({ apiKey: "wrong", baseURL: `${neon.url}/api/v2` });
  const error = await stranger.listProjects({}).catch((thrown) => thrown);
  expect(error.response.status).toBe(401);
  expect(error.response.data).toEqual({
    request_id: expect.any(String),
    code: "",
    message: "authentication failed",
  });
});

test("faults: 429 without the work, drop-after with the work done", async () => {
  const fault = (kind: object) => ({ headers: { "x-rehearsal-fault": JSON.stringify(kind) } });
  const create = (kind: object) => client.createProject({ project: { name: "q" } }, fault(kind));
  expect(await refusal(create({ kind: "status", status: 429 }))).toBe("429 too many requests");
  expect((await client.listProjects({})).data.projects).toHaveLength(0);
  await expect(create({ kind: "drop-after" })).rejects.toThrow();
  expect((await client.listProjects({})).data.projects).toHaveLength(1);
});
