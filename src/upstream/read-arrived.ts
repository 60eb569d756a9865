/**
 * Lets everything be read that has arrived by now. Before the end of a message: a reply that is here already cannot be the
 * answer to an end that is still to be sent.
 */
export function readArrived(): Promise<void> {
  // Once may only end the turn of the event loop that is under way; the next one asks the system for all that has come.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
