export { ClusterTestKit, type ClusterTestKitOptions } from './testkit/cluster-test-kit.ts'
