import type { Account } from "./account.ts";
import { PLANS } from "./account.ts";
import type {
  BranchDocument,
  DatabaseDocument,
  EndpointDocument,
  OperationDocument,
  ProjectDocument,
  RoleDocument,
} from "./model.ts";

const time = (milliseconds: number) => new Date(milliseconds).toISOString();
const GIB = 1024 ** 3;
const USER_ID = "2b1c4a0e-7f0d-4a5e-9d43-6d1f3c9f0a11";

export function projectView(account: Account, project: ProjectDocument) {
  const limit = account.plan === "free" ? GIB / 2 : 16 * 1024 * GIB;
  return {
    id: project.id,
    platform_id: "aws",
    region_id: project.regionId,
    name: project.name,
    provisioner: "k8s-neonvm",
    default_endpoint_settings: {
      autoscaling_limit_min_cu: project.minCu,
      autoscaling_limit_max_cu: project.maxCu,
      suspend_timeout_seconds: 0,
    },
    settings: {
      allowed_ips: { ips: [], protected_branches_only: false },
      enable_logical_replication: false,
      block_public_connections: false,
      block_vpc_connections: false,
      hipaa: false,
    },
    pg_version: project.pgVersion,
    proxy_host: proxyHost(project),
    branch_logical_size_limit: limit / 1024 ** 2,
    branch_logical_size_limit_bytes: limit,
    store_passwords: true,
    creation_source: "console",
    history_retention_seconds: project.historyRetentionSeconds,
    created_at: time(project.created),
    updated_at: time(project.updated),
    synthetic_storage_size: 0,
    consumption_period_start: "2026-11-01T00:00:00Z",
    consumption_period_end: "2026-12-01T00:00:00Z",
    owner_id: project.orgId ?? USER_ID,
    owner: {
      email: "",
      name: "quayside",
      branches_limit: PLANS[account.plan].branches,
      subscription_type: planName(account.plan),
    },
    ...(project.orgId === null ? {} : { org_id: project.orgId }),
    active_time: 0,
    active_time_seconds: 0,
    compute_time_seconds: 0,
    cpu_used_sec: 0,
    written_data_bytes: 0,
    data_transfer_bytes: 0,
    data_storage_bytes_hour: 0,
  };
}

export function branchView(account: Account, branch: BranchDocument) {
  const ready = branch.readyFrom <= account.now();
  return {
    id: branch.id,
    project_id: branch.projectId,
    ...(branch.parentId === null ? {} : { parent_id: branch.parentId }),
    ...(branch.parentLsn === null ? {} : { parent_lsn: branch.parentLsn }),
    ...(branch.parentTimestamp === null ? {} : { parent_timestamp: time(branch.parentTimestamp) }),
    name: branch.name,
    current_state: ready ? "ready" : "init",
    ...(ready ? {} : { pending_state: "ready" }),
    state_changed_at: time(ready ? branch.readyFrom : branch.created),
    logical_size: 30_998_528,
    creation_source: "console",
    primary: branch.isDefault,
    default: branch.isDefault,
    protected: branch.protected,
    cpu_used_sec: 0,
    compute_time_seconds: 0,
    active_time_seconds: 0,
    written_data_bytes: 0,
    data_transfer_bytes: 0,
    created_at: time(branch.created),
    updated_at: time(branch.updated),
    ...(branch.expires === null ? {} : { expires_at: time(branch.expires) }),
    ...(branch.lastReset === null ? {} : { last_reset_at: time(branch.lastReset) }),
    ...(branch.restoredFrom === null ? {} : { restored_from: branch.restoredFrom }),
    created_by: { name: "quayside", image: "" },
    init_source: "parent-data",
  };
}

export function endpointView(account: Account, endpoint: EndpointDocument, project: ProjectDocument) {
  const now = account.now();
  const state = endpoint.states.findLast((each) => each.from <= now)?.state ?? "init";
  const pending = endpoint.states.find((each) => each.from > now)?.state;
  return {
    host: hostOf(endpoint, project),
    id: endpoint.id,
    project_id: endpoint.projectId,
    branch_id: endpoint.branchId,
    autoscaling_limit_min_cu: endpoint.minCu,
    autoscaling_limit_max_cu: endpoint.maxCu,
    region_id: project.regionId,
    type: endpoint.type,
    current_state: state,
    ...(pending ? { pending_state: pending } : {}),
    settings: {},
    pooler_enabled: false,
    pooler_mode: "transaction",
    disabled: false,
    passwordless_access: true,
    creation_source: "console",
    created_at: time(endpoint.created),
    updated_at: time(endpoint.updated),
    proxy_host: proxyHost(project),
    suspend_timeout_seconds: endpoint.suspendTimeoutSeconds,
    provisioner: "k8s-neonvm",
  };
}

export function operationView(account: Account, operation: OperationDocument) {
  const now = account.now();
  const status = now >= operation.finishes ? "finished" : now >= operation.starts ? "running" : "scheduling";
  return {
    id: operation.id,
    project_id: operation.projectId,
    ...(operation.branchId === null ? {} : { branch_id: operation.branchId }),
    ...(operation.endpointId === null ? {} : { endpoint_id: operation.endpointId }),
    action: operation.action,
    status,
    failures_count: 0,
    created_at: time(operation.created),
    updated_at: time(Math.min(now, operation.finishes)),
    total_duration_ms: Math.max(0, Math.min(now, operation.finishes) - operation.starts),
  };
}

/** A role; its password is only told when it is made or asked for. */
export function roleView(role: RoleDocument, withPassword = false) {
  return {
    branch_id: role.branchId,
    name: role.name,
    ...(withPassword ? { password: role.password } : {}),
    protected: false,
    created_at: time(role.created),
    updated_at: time(role.updated),
  };
}

export function databaseView(database: DatabaseDocument) {
  return {
    id: database.id,
    branch_id: database.branchId,
    name: database.name,
    owner_name: database.owner,
    created_at: time(database.created),
    updated_at: time(database.updated),
  };
}

export function userView(account: Account) {
  const plan = PLANS[account.plan];
  return {
    active_seconds_limit: 0,
    auth_accounts: [],
    email: "quayside@example.com",
    id: USER_ID,
    image: "",
    login: "quayside",
    name: "Quayside",
    last_name: "",
    projects_limit: plan.projects,
    branches_limit: plan.branches,
    max_autoscaling_limit: plan.maxCu,
    plan: planName(account.plan),
  };
}

export function organizationView(account: Account, id: string) {
  return {
    id,
    name: "Quayside",
    handle: "quayside",
    plan: planName(account.plan),
    created_at: "2026-01-01T00:00:00Z",
    managed_by: "console",
    updated_at: "2026-01-01T00:00:00Z",
  };
}

/** `postgresql://role:password@host/database`, with the options that Neon's own strings have. */
export function connectionUri(
  role: RoleDocument,
  database: string,
  endpoint: EndpointDocument,
  project: ProjectDocument,
  pooled: boolean,
): string {
  const host = hostOf(endpoint, project);
  const shown = pooled ? host.replace(endpoint.id, `${endpoint.id}-pooler`) : host;
  return `postgresql://${role.name}:${role.password}@${shown}/${database}?sslmode=require&channel_binding=require`;
}

/** A connection as the answers of creations have it. */
export function connectionDetails(
  role: RoleDocument,
  database: string,
  endpoint: EndpointDocument,
  project: ProjectDocument,
) {
  const host = hostOf(endpoint, project);
  return {
    connection_uri: connectionUri(role, database, endpoint, project, false),
    connection_parameters: {
      database,
      password: role.password,
      role: role.name,
      host,
      pooler_host: host.replace(endpoint.id, `${endpoint.id}-pooler`),
    },
  };
}

function planName(plan: string): string {
  return `${plan}_v3`;
}

function proxyHost(project: ProjectDocument): string {
  return `${project.regionId.replace(/^aws-/, "")}.aws.neon.tech`;
}

function hostOf(endpoint: EndpointDocument, project: ProjectDocument): string {
  return `${endpoint.id}.${proxyHost(project)}`;
}
