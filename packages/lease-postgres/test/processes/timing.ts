/** So short that a test sees leases run out, so long that a busy machine does not lose them. */
export const timing = { ttlMs: 3_000, heartbeatMs: 500, operationTimeoutMs: 1_000 }
