export { AbruptServer } from './abrupt-server.ts'
export { postgresPrograms, type PostgresPrograms } from './programs.ts'
export { Relay } from './relay.ts'
export { PostgresServer } from './server.ts'
