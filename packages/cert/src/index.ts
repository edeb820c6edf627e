export {
  certDefaults,
  createAuthority,
  createNodeCertificate,
  renewAuthority,
  type AuthorityOptions,
  type IssuedCertificate,
  type NodeCertificateOptions,
} from './authority.ts'
export type { Validity } from './check-options.ts'
export { CertError, type CertErrorCode } from './errors.ts'
export {
  renewAuthorityFile,
  writeAuthority,
  writeNodeCertificate,
  type FileOptions,
  type WrittenCertificate,
} from './files.ts'
