/** The part of Workers KV's binding that the API needs. */
export interface KvValues {
  get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  put(
    key: string,
    value: string | ArrayBuffer | Uint8Array,
    options: { expiration?: number; expirationTtl?: number; metadata?: unknown },
  ): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { limit: number; prefix?: string | undefined; cursor?: string | undefined }): Promise<{
    keys: { name: string; expiration?: number; metadata?: unknown }[];
    list_complete: boolean;
    cursor?: string;
  }>;
}

/** The part of D1's binding that the API needs. */
export interface D1Statements {
  prepare(sql: string): {
    bind(...params: unknown[]): {
      all(): Promise<{ success: boolean; meta: unknown; results: unknown[] }>;
      raw(options: { columnNames: true }): Promise<[string[], ...unknown[][]]>;
    };
  };
}

/** The data behind the Workers' bindings, as the API reads and writes it. */
export interface Storage {
  kv(namespaceId: string): Promise<KvValues>;
  d1(databaseId: string): Promise<D1Statements>;
}
