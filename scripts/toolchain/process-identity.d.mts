// The toolchain is plain JavaScript, since it runs before there is anything else.
export function isAlive(identity: { pid: number; start: string }): boolean;
export function processStart(pid: number): string | undefined;
