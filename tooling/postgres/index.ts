export { postgresPrograms, type PostgresPrograms } from './programs.ts'
export { Relay } from './relay.ts'
export { PostgresServer } from './server.ts'
