import { networkInterfaces } from 'node:os'

/** An address of this machine that is not loopback: who connects to it comes from it, as another machine would. Undefined where there is none. */
export const outerAddress: string | undefined = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address
