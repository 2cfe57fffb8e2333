/** The documents that a world keeps. Times are milliseconds since 1970. */
export interface ProjectDocument {
  id: string;
  name: string;
  regionId: string;
  pgVersion: number;
  orgId: string | null;
  historyRetentionSeconds: number;
  created: number;
  updated: number;
  minCu: number;
  maxCu: number;
}

export interface BranchDocument {
  id: string;
  projectId: string;
  parentId: string | null;
  parentLsn: string | null;
  parentTimestamp: number | null;
  name: string;
  isDefault: boolean;
  protected: boolean;
  /** From when on the branch is there for use. */
  readyFrom: number;
  created: number;
  updated: number;
  expires: number | null;
  lastReset: number | null;
  restoredFrom: string | null;
}

export interface EndpointDocument {
  id: string;
  projectId: string;
  branchId: string;
  type: "read_write" | "read_only";
  minCu: number;
  maxCu: number;
  suspendTimeoutSeconds: number;
  /** What the state is from which moment on, in order of time. */
  states: { from: number; state: "init" | "active" | "idle" }[];
  created: number;
  updated: number;
}

export interface RoleDocument {
  projectId: string;
  branchId: string;
  name: string;
  password: string;
  created: number;
  updated: number;
}

export interface DatabaseDocument {
  id: number;
  projectId: string;
  branchId: string;
  name: string;
  owner: string;
  created: number;
  updated: number;
}

export interface KeyDocument {
  id: number;
  name: string;
  projectId: string;
}

export interface OperationDocument {
  id: string;
  projectId: string;
  branchId: string | null;
  endpointId: string | null;
  action: string;
  created: number;
  /** Operations of a project run one after the other: this one from here to there. */
  starts: number;
  finishes: number;
}
