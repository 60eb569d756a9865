import type { SmtpListener } from '../config/config.ts'
import { isWildcard } from '../config/endpoint.ts'
import { isReachable } from '../config/listeners.ts'

/** The lines that say where an application hands in its mail, and how that is encrypted. */
export function serverLines(listeners: readonly SmtpListener[]): string[] {
  return listeners
    .filter(isItsOwn)
    .flatMap((listener, at) => [
      ...(at > 0 ? ['or'] : []),
      `server        ${server(listener)}`,
      `port          ${port(listener)}`,
      `encryption    ${encryption(listener)}`,
    ])
}

/** `localhost` is both loopback addresses of a port, and one of them is enough to be told. */
function isItsOwn({ host, port, tls }: SmtpListener, _at: number, all: readonly SmtpListener[]): boolean {
  return (
    host !== '::1' || !all.some((one) => one.host === '127.0.0.1' && one.port === port && one.tls === tls)
  )
}

function server({ host, frontEnds }: SmtpListener): string {
  if (frontEnds) return 'the front end that passes connections on to this port'
  return isWildcard(host) ? 'the name or address of this machine' : host
}

function port({ port, frontEnds }: SmtpListener): string {
  if (frontEnds) return `the one of the front end (it passes them on to ${port})`
  return port === 0 ? 'the one that postern prints when it starts' : String(port)
}

function encryption(listener: SmtpListener): string {
  const isNear = !isReachable(listener)
  switch (listener.tls) {
    case 'implicit':
      return 'SSL/TLS'
    case 'starttls':
      if (isNear) return 'none (it is the same machine), or STARTTLS, or SSL/TLS'
      return listener.plainAuth
        ? 'STARTTLS or SSL/TLS; none for a device that has neither'
        : 'STARTTLS or SSL/TLS'
    case 'none':
      return isNear ? 'none (it is the same machine)' : 'none: the network can read the password'
  }
}
