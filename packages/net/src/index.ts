export type { ConnectedSocket } from './connected-socket.ts'
export {
  attemptDial,
  type AttemptBounds,
  type AttemptEnd,
  type DialAttempt,
} from './dial-attempt.ts'
export { classifyDialFailure, errorCode } from './dial-failure.ts'
export { dialSocket, type DialSocketOptions } from './dial-socket.ts'
export { exposedFile, type ExposedFile } from './exposed-file.ts'
export { listenFailure } from './listen-failure.ts'
export { numberOptions, type Range } from './number-options.ts'
export { plainAddress } from './plain-address.ts'
export type { ResolveName } from './permitted-lookup.ts'
export { resetConnection } from './reset-connection.ts'
export { isConnectedToItself } from './self-connection.ts'
export { describeNotice, type CertificateNotice } from './tls/certificate-notices.ts'
export { isInsecurityReason, noInsecurity, type InsecurityCounters } from './tls/insecurity.ts'
export { encodeWord, Security } from './tls/security.ts'
export { judgeAccepted, TlsAcceptor, type SecureAcceptorParts } from './tls/tls-acceptor.ts'
export { tlsDefaults, type TlsNumbers, type TlsOptions } from './tls/tls-options.ts'
