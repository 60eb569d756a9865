import { afterEach, beforeAll } from 'vitest'
import { type Authority, type Certificate, createAuthority } from './certificates.ts'
import { createRelayStage, type RelayStage, type StageOptions } from './relay-stage.ts'
import { type Script, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'

export interface ScriptedStage extends RelayStage {
  provider: ScriptedProvider
}

/** Puts a relay before a scripted provider, for one test; everything is closed after it, and what the script did not expect fails it. */
export function useScriptedStage() {
  const endings: (() => Promise<void>)[] = []
  let authority: Authority
  let certificate: Certificate

  beforeAll(async () => {
    authority = await createAuthority()
    certificate = await authority.issue()
  })
  afterEach(async () => {
    for (const end of endings.splice(0)) await end()
  })

  return async (script: Script, options: Partial<StageOptions> = {}): Promise<ScriptedStage> => {
    const tls = options.tls ?? 'implicit'
    const provider = await startScriptedProvider({ tls, certificate }, script)
    const stage = createRelayStage({ tls, ca: authority.ca, port: provider.port, ...options })
    endings.push(async () => {
      await provider.close()
      await stage.relay.close()
      if (provider.failure() !== undefined) throw provider.failure()
    })
    return { ...stage, provider }
  }
}
