import type { Config } from '../config/config.ts'
import { createHttpFetch } from '../providers/http/http-fetch.ts'

/** Asks providers from this process, and ends the connections afterwards. */
export async function withHttp<T>(
  { extraCa, limits }: Config,
  work: (http: ReturnType<typeof createHttpFetch>) => Promise<T>,
): Promise<T> {
  const http = createHttpFetch({ extraCa, timeoutSeconds: limits.tokenRequestSeconds })
  try {
    return await work(http)
  } finally {
    await http.close()
  }
}
