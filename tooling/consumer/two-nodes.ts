import * as membership from '@casty/membership'
import * as transportTcp from '@casty/transport-tcp'

console.log(Object.keys(membership).length + Object.keys(transportTcp).length, 'exports')
