export type { PostgresConnection, PostgresPool } from './connections.ts'
export { PostgresLeaseError, type PostgresLeaseErrorCode } from './errors.ts'
export { postgresLease, type PostgresLease, type PostgresLeaseOptions } from './postgres-lease.ts'
export { leaseTableSql } from './statements.ts'
