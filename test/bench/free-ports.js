import { freePort } from '../../examples/demo/free-port.js'

/** Nobody listens at them at the moment: that is enough here. */
export async function freePorts(count) {
  const ports = []
  while (ports.length < count) ports.push(await freePort())
  return ports
}
