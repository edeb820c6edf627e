/** So short that a test sees leases run out, so long that a busy machine does not lose them. */
export const timing = { ttlMs: 1_500, heartbeatMs: 300, operationTimeoutMs: 400 }
