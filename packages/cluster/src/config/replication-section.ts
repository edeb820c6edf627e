import { defined } from '@casty/options'
import { maxReplicas } from '../replication-config.ts'
import type { Section } from './section.ts'

/** How what entities write is copied. */
export interface ReplicationSection {
  readonly replicas?: number
  readonly minAcks?: number
  readonly ackTimeoutMs?: number
}

/** @param replicasBehind - where this table names none */
export function replicationSection(section: Section, replicasBehind?: number): ReplicationSection {
  const replicas = section.whole('replicas', 0, maxReplicas)
  const minAcks = section.whole('min_acks', 0, maxReplicas)
  const most = replicas ?? replicasBehind
  if (most !== undefined && minAcks !== undefined && minAcks > most) {
    section.refuse('min_acks', `is ${minAcks}`, `an integer from 0 to ${most}, the replicas`)
  }
  return defined({ replicas, minAcks, ackTimeoutMs: section.durationMs('ack_timeout') })
}
