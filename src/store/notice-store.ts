import type { Database } from './database.ts'
import type { NoticeStore, SentNotice } from './ports.ts'
import type { SentNoticesTable } from './tables.ts'

export function createNoticeStore(database: Database): NoticeStore {
  return {
    async list() {
      const found = await database.read((tables) => tables.selectFrom('sent_notices').selectAll().execute())
      return found.map(noticeOf)
    },

    put: ({ key, channel, firstAt, lastAt, stage }) =>
      database.change(async (tables) => {
        const told = { first_at: firstAt, last_at: lastAt, stage }
        await tables
          .insertInto('sent_notices')
          .values({ notice_key: key, channel, ...told })
          .onConflict((on) => on.columns(['notice_key', 'channel']).doUpdateSet(told))
          .execute()
      }),

    remove: (key) =>
      database.change(async (tables) => {
        await tables.deleteFrom('sent_notices').where('notice_key', '=', key).execute()
      }),
  }
}

function noticeOf({ notice_key, channel, first_at, last_at, stage }: SentNoticesTable): SentNotice {
  return {
    key: notice_key,
    channel: channel as SentNotice['channel'],
    firstAt: first_at,
    lastAt: last_at,
    stage,
  }
}
