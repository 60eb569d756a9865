import type { Translated } from '../entry.ts'
import type { loginFailures } from '../login.ts'

export const login: Translated<typeof loginFailures> = {
  'login.user-name-length': {
    message: 'ユーザー名は 1~{most} 文字です({length} 文字でした)',
    fix: '別のユーザー名を選んでください。メールアドレスそのものがおすすめです。',
  },
  'login.user-name-characters': {
    message: 'ユーザー名に制御文字や見えない文字は使えません',
    fix: '別のユーザー名を選んでください。メールアドレスそのものがおすすめです。',
  },
  'login.user-name-spaces': {
    message: 'ユーザー名の先頭と末尾に空白は使えません',
    fix: '別のユーザー名を選んでください。メールアドレスそのものがおすすめです。',
  },
  'login.no-sender-to-allow': {
    message: '許可する差出人がありません',
    fix: '差出人を 1 つ以上入力してください。',
  },
  'login.unknown': {
    message: '操作({participle})の対象になるログイン {id} はありません',
  },
  'login.none-named': {
    message: 'ログイン {login} はありません',
    fix: '「postern login list」で確認し、ID、ユーザー名、またはほかと重ならない名前を指定してください。',
  },
  'login.several-named': {
    message: '{login} という名前のログインが複数あります: {ids}',
    fix: '対象の ID を指定してください。',
  },
  'login.without-mailbox': {
    message: 'ログインにはメールボックスが必要です',
    fix: 'メールボックスのアドレスを 1 つ以上選んでください。',
  },
  'login.no-domain-mailbox': {
    message: '個人のメールボックスを含められるドメイン全体のメールボックスがありません',
    fix: '指定を外すか、"*@example.com" のようなドメインのメールボックスをログインに加えてください。',
  },
  'login.only-domain-mailbox': {
    message: 'ドメイン全体は、ほかの差出人の送信に使えるメールボックスではありません',
    fix: '個別のアドレスのメールボックスもログインに加えるか、ほかの差出人とその置き換えを外してください。',
  },
  'login.password-not-wanted': {
    message: 'パスワードなしのログインでは、パスワードも CRAM-MD5 も指定できません',
    fix: 'パスワードと CRAM-MD5 を外すか、サインインするログインを作ってください。',
  },
  'login.network-needed': {
    message: 'パスワードなしのログインには、接続元ネットワークの指定が必要です',
    fix: '機器のアドレスまたはネットワークを入力してください(例: 192.0.2.7、192.0.2.0/28)。',
  },
  'login.network-too-wide': {
    message: 'ネットワーク {network} は、パスワードなしのログインには広すぎます',
    fix: '機器自身のアドレスを入力してください。最も広い範囲は IPv4 で /{widest4}、IPv6 で /{widest6} です。',
  },
  'login.network-needed-for-cram-md5': {
    message: 'CRAM-MD5 のログインには、接続元ネットワークの指定が必要です',
    fix: '機器のアドレスを入力してください(例: 192.0.2.7)。CRAM-MD5 はその接続元にだけ提示されます。ほかのプログラムに提示すると、使えないログインで選ばれてしまうためです。',
  },
  'login.label-unfit': {
    message: '名前は 100 文字以内で、制御文字や見えない文字は使えません',
    fix: '「2 階のプリンター」のような短い名前を付けてください。',
  },
  'login.date-unreadable': {
    message: '「{text}」は日付として読み取れません',
    fix: '2030-12-31 または 2030-12-31T18:00:00Z の形で入力してください。',
  },
  'login.date-passed': {
    message: '「{text}」はすでに過ぎています',
    fix: '将来の日付を入力してください。',
  },
  'login.map-unreadable': {
    message: '「{text}」は、どの名前をどのアドレスに置き換えるかを示していません',
    fix: 'root=admin@example.com のように書いてください。',
  },
  'login.map-too-long': {
    message: '置き換える名前が {most} 個を超えています',
    fix: '数を減らすか、すべてに 1 つのドメインを補ってください。',
  },
  'login.map-name': {
    message: '「{text}」はアドレスに置き換えられる名前ではありません',
    fix: 'root のような 1 語を指定してください。',
  },
  'login.user-name-taken': {
    message: 'ユーザー名「{name}」は使われています',
    fix: '別のユーザー名を選ぶか、それを持つログインを取り消してください。',
  },
  'login.mailbox-gone': {
    message: 'このログインのメールボックスは存在しません',
  },
  'api-key.unknown': {
    message: '取り消せる APIキー {id} はありません',
  },
  'api-key.unknown-to-limit': {
    message: '制限できる APIキー {id} はありません',
  },
  'api-key.invalid': {
    message: 'この APIキーは無効です',
    fix: '`postern api-key add` で新しいキーを作ってください。',
  },
  'api-key.without-scope': {
    message: 'APIキーにはスコープが必要です',
    fix: '許可する操作を少なくとも 1 つ選んでください。コマンドと API では read、admin、token:ADDRESS、send:ADDRESS です。',
  },
  'api-key.no-scope': {
    message: '「{text}」はスコープではありません',
    fix: 'read、admin、token:ADDRESS、send:ADDRESS のいずれかを使ってください。',
  },
  'api-key.mark-for-domains': {
    message: '「{text}」は 1 つのメールボックスです。{mark} はドメイン全体にだけ使えます',
    fix: '指定を外してください。',
  },
  'api-key.limits-without-bounds': {
    message: 'この APIキーはアクセストークンの取得またはすべての操作もできるため、制限しても意味がありません',
    fix: '制限するキーには send:ADDRESS と read だけを許可し、それ以外には別のキーを作ってください。',
  },
  'api-key.id-taken': {
    message: 'APIキー {key} はすでにあります',
  },
  'api-key.mailbox-gone': {
    message: 'このキーのメールボックスは存在しません',
  },
  'password.unreadable': {
    message:
      'このパスワードは使えません: {least} 文字以上 {octets} バイト以下で、制御文字を含まない必要があります',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'password.too-short': {
    message: 'このパスワードは使えません: {length} 文字ですが、{least} 文字以上が必要です',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'password.holds-name': {
    message: 'このパスワードは使えません: ユーザー名またはメールボックスの一部である「{name}」を含んでいます',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'password.few-characters': {
    message: 'このパスワードは使えません: {distinct} 種類の文字しか使われていません',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'password.repeats': {
    message: 'このパスワードは使えません: 同じ部分を繰り返しています',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'password.run-of-keys': {
    message: 'このパスワードは使えません: 隣り合う文字、数字、キーの並びです',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'password.number': {
    message: 'このパスワードは使えません: 日付や電話番号のような {least} 桁未満の数字です',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'password.nearly-number': {
    message: 'このパスワードは使えません: ほとんど数字だけなので、{least} 文字以上が必要です',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'password.common': {
    message:
      'このパスワードは使えません: 推測されやすいものです(よくある単語、名前、日付、キーの並びと、数字や記号の組み合わせ)',
    fix: '無関係な 4 つの単語のような、より長いものを選んでください。',
  },
  'sign-in.too-many-waiting': {
    message: '同時に待機しているサインインが多すぎます',
    fix: '1 分後にもう一度試してください。',
  },
  'sign-in.too-many-wrong': {
    message: 'このアドレスから、誤ったパスワードが多数送られました',
    fix: '{seconds} 秒後に正しいものでもう一度試してください。',
  },
  'sign-in.too-many-wrong-keys': {
    message: 'このアドレスから、誤ったキーやリンクが多数送られました',
    fix: '{seconds} 秒後に正しいものでもう一度試してください。',
  },
  'sign-in.wrong': {
    message: 'ユーザー名またはパスワードが違います',
  },
  'sign-in.for-somebody-else': {
    message: 'クライアントは自分のログイン以外の誰かとして動作しようとしています',
  },
  'sign-in.ended': {
    message: 'このセッションのログインまたは APIキーは終了したか、このメールボックスを使えなくなっています',
  },
  'sign-in.too-many-at-once': {
    message: '同時に待機しているサインインが多すぎます',
    fix: '1 分後にもう一度試してください。',
  },
  'sign-in.control-characters': {
    message: '制御文字を含むユーザー名やトークンではサインインできません',
    fix: 'メールボックスのアドレスと、トークンエンドポイントの応答を確認してください。',
  },
  'sign-in.control-characters-in-host': {
    message: '制御文字を含むユーザー名、ホスト、トークンではサインインできません',
    fix: 'メールボックスのアドレス、プロバイダー、トークンエンドポイントの応答を確認してください。',
  },
  'sign-in.too-slow': {
    message: 'サインインに {seconds} 秒以上かかりました',
  },
  'sender.not-allowed': {
    message: 'このログインは {sender} として送信できません',
  },
  'sender.not-allowed-yet': {
    message: 'このログインは {sender} として送信できません',
    fix: '許可するには: {command}',
  },
  'sender.no-mailbox': {
    message: 'このログインにはメールボックスがありません',
  },
  'sender.empty-for-domain': {
    message: 'このログインはドメイン全体のもので、空の差出人ではメールボックスが決まりません',
  },
  'sender.none-without-password': {
    message: 'ここからパスワードなしで {sender} として送信できるログインはありません',
  },
  'sender.none-without-password-yet': {
    message: 'ここからパスワードなしで {sender} として送信できるログインはありません',
    fix: '許可するには: {command}',
  },
  'sender.personal-mailbox': {
    message: 'ドメイン全体のログインや APIキーでは、個人のものである {mailbox} は使えません',
    fix: '許可するには: postern login add {word}',
  },
  'sender.no-pattern': {
    message: '「{text}」は差出人として照合できません',
    fix: 'アドレス、またはドメインのすべてのアドレスなら *@example.com を入力してください。',
  },
  'limits.no-pattern': {
    message: '「{text}」は宛先として照合できません',
    fix: 'アドレス、またはドメインのすべてのアドレスなら *@example.com を入力してください。',
  },
  'limits.too-many-recipients': {
    message: '宛先の制限は {most} 件までです',
    fix: '*@example.com のように、ドメイン全体で指定してください。',
  },
  'limits.recipients-refused': {
    message: '{program} は宛先のうち {count} 件に送れません',
    fix: 'その宛先を外すか、送れるようにしてください: postern login set、postern api-key set。',
  },
  'limits.messages-used-up': {
    message: '{program} は 1 時間に {used} 通を送りました。上限は {most} 通です',
    fix: '待つか、上限を上げてください: postern login set、postern api-key set。',
  },
  'limits.recipients-used-up': {
    message:
      '{program} の宛先は 24 時間で {used} 件になりました。上限は {most} 件で、さらに {recipients} 件へのメッセージが送られるところでした',
    fix: '待つか、上限を上げてください: postern login set、postern api-key set。',
  },
  'limits.more-than-a-day': {
    message: '{program} の宛先は 24 時間に {most} 件までですが、メッセージの宛先は {recipients} 件です',
    fix: '宛先を減らすか、上限を上げてください: postern login set、postern api-key set。',
  },
  'limits.no-count': {
    message: '上限は 1 から {most} までの整数です',
    fix: 'その範囲の数を入力するか、上限を指定しないでください。',
  },
}
