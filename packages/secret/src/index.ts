export { SecretError, type SecretErrorCode } from './errors.ts'
export {
  SharedSecret,
  sharedSecret,
  type Secret,
  type Secrets,
  type SharedSecretOptions,
} from './shared-secret.ts'
