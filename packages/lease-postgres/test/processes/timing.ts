/** So short that a test sees leases run out, so long that a busy machine does not lose them. */
export const timing = { ttlMs: 5_000, heartbeatMs: 800, operationTimeoutMs: 2_000 }
