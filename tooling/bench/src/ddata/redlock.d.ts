// As much of it as is used here: it has no types of its own.
declare module 'redlock' {
  import type { Redis } from 'ioredis'

  export default class Redlock {
    constructor(clients: readonly Redis[], options?: { readonly retryCount?: number })
    lock(resource: string, ttlMs: number): Promise<{ unlock(): Promise<void> }>
  }
}
