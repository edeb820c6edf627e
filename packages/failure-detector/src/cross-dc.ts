/** Heartbeats between data centers, where delays are longer and links fewer. */
export interface CrossDcSettings {
  /** From one heartbeat to the next, in milliseconds. @defaultValue 5_000 */
  readonly heartbeatIntervalMs: number
  /** Silence forgiven on top of that, in milliseconds. @defaultValue 30_000 */
  readonly acceptablePauseMs: number
  /** How many members, the oldest, monitor each other across. @defaultValue 5 */
  readonly monitoredPeers: number
}

export const crossDcDefaults: CrossDcSettings = {
  heartbeatIntervalMs: 5_000,
  acceptablePauseMs: 30_000,
  monitoredPeers: 5,
}

/** The interval of heartbeats to a peer, in milliseconds: the local one within a data center. */
export function heartbeatIntervalFor(
  localDc: string,
  peerDc: string,
  localIntervalMs: number,
  crossDc: Pick<CrossDcSettings, 'heartbeatIntervalMs'> = crossDcDefaults,
): number {
  return localDc === peerDc ? localIntervalMs : crossDc.heartbeatIntervalMs
}
