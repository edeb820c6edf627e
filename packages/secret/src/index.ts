export { SecretError, type SecretErrorCode } from './errors.ts'
export {
  SharedSecret,
  sharedSecret,
  type Secret,
  type SecretNames,
  type Secrets,
  type SharedSecretOptions,
} from './shared-secret.ts'
