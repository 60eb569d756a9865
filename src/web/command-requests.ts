import type { IncomingMessage } from 'node:http'

const commandRequests = new WeakSet<IncomingMessage>()

/** Notes that this request came by the door of the command, where only the owner gets in. */
export function markAsCommand(request: IncomingMessage): void {
  commandRequests.add(request)
}

/** Whether the owner of the data directory asks: nothing that a request says of itself can bring this about. */
export function isByCommand(request: IncomingMessage): boolean {
  return commandRequests.has(request)
}
