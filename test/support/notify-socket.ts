import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { searchPath } from './peer.ts'

/**
 * Stands in for systemd: binds NOTIFY_SOCKET, which Node.js cannot, and prints each datagram as JSON.
 * Descriptors that come with one are closed: that tells a sender who waits (BARRIER=1) that it has
 * arrived. Whoever is only a child of the process is told apart by its pid.
 */
const receiver = `
import array, json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
print(json.dumps([]), flush=True)
while True:
    data, ancillary, _, _ = s.recvmsg(65536, 4096)
    for level, kind, content in ancillary:
        if kind == socket.SCM_RIGHTS:
            fds = array.array('i')
            fds.frombytes(content[:len(content) - len(content) % fds.itemsize])
            for fd in fds: os.close(fd)
    print(json.dumps(data.decode().strip().split('\\n')), flush=True)
`

export interface NotifySocket {
  path: string
  /** The datagrams so far, each as its assignments. */
  datagrams(): string[][]
  /** Resolves with the first, from the given number on, that has this assignment. */
  heard(assignment: string, from?: number): Promise<string[]>
  close(): Promise<void>
}

export async function openNotifySocket(folder: string): Promise<NotifySocket> {
  const path = join(folder, 'notify.sock')
  const child = spawn('python3', ['-c', receiver, path], {
    env: { PATH: searchPath },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const lines = () => said.split('\n').slice(0, -1)
  await eventually('the socket is bound', () => lines().length > 0)
  const datagrams = () =>
    lines()
      .slice(1)
      .map((line) => JSON.parse(line) as string[])
      .filter((one) => !one.includes('BARRIER=1'))
  return {
    path,
    datagrams,
    heard: (assignment, from = 0) =>
      eventually(assignment, () =>
        datagrams()
          .slice(from)
          .find((one) => one.includes(assignment)),
      ),
    async close() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    },
  }
}
