export {
  certDefaults,
  createAuthority,
  createNodeCertificate,
  type AuthorityOptions,
  type IssuedCertificate,
  type NodeCertificateOptions,
  type Validity,
} from './authority.ts'
export { CertError, type CertErrorCode } from './errors.ts'
export {
  writeAuthority,
  writeNodeCertificate,
  type FileOptions,
  type WrittenCertificate,
} from './files.ts'
