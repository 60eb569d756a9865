import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIPv4, isIPv6 } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export interface NameAddress {
  address: string
  family: 4 | 6
}

export interface DirectNameSettings {
  /** Absent: those that the system is set to use at that moment. */
  servers?: readonly string[]
  hostsFile?: string
}

const usualHostsFile =
  process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'

/** Doubled with each try. */
const tryMilliseconds = 2000
const tries = 3

/** RFC 8305, section 3: so long one family's answer waits for the other's. */
const otherFamilyMilliseconds = 50

/**
 * Asks the hosts file, and then the name servers from the event loop: no thread is held while they are silent. Of the system's other ways to
 * names it knows nothing.
 * @throws an Error with a `code` of node:dns
 */
export async function directNames(
  name: string,
  signal: AbortSignal,
  { servers, hostsFile = usualHostsFile }: DirectNameSettings = {},
): Promise<NameAddress[]> {
  const listed = inHosts(await readFile(hostsFile, 'utf8').catch(() => ''), name)
  if (listed.length > 0) return listed
  // RFC 6761, section 6.3: no name server is asked for it.
  if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1'].flatMap(asAddress)
  signal.throwIfAborted()
  // A new one each time: it reads which servers there are, and that changes with the network.
  const resolver = new Resolver({ timeout: tryMilliseconds, tries })
  if (servers) resolver.setServers(servers)
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await bothFamilies(resolver, name)
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

async function bothFamilies(resolver: Resolver, name: string): Promise<NameAddress[]> {
  const families = [resolver.resolve6(name), resolver.resolve4(name)]
  try {
    await Promise.any(families)
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  }
  const late = wait(otherFamilyMilliseconds, [], { ref: false })
  const found = await Promise.all(families.map((one) => Promise.race([one.catch(() => []), late])))
  return found.flat().flatMap(asAddress)
}

function inHosts(text: string, name: string): NameAddress[] {
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return names.some((one) => one.toLowerCase() === name) ? asAddress(address) : []
  })
}

function asAddress(address: string): NameAddress[] {
  if (isIPv4(address)) return [{ address, family: 4 }]
  return isIPv6(address) ? [{ address, family: 6 }] : []
}
