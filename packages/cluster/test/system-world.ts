// Tests of this package use what it gives to others for theirs.
export { ClusterTestKit as SystemWorld } from '@casty/cluster/testkit'
