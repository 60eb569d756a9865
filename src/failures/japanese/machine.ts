import type { Translated } from '../entry.ts'
import type { machineFailures } from '../machine.ts'

export const machine: Translated<typeof machineFailures> = {
  'command.no-directory': {
    message: '起動したフォルダがなくなっているか、入ることができません',
    fix: '先に別のフォルダへ移動し、そこから起動してください。',
  },
  'database.no-sqlite': {
    message:
      'このマシン({platform})用の SQLite がありません。Node {version} には完全なものが含まれておらず、パッケージ @photostructure/sqlite にもこのマシン用のものがないか、インストールされていません',
    fix: 'Node 22.16 以降で postern を実行するか、このマシンでパッケージをインストールし直してください。',
  },
  'data.directory-missing': {
    message: 'データディレクトリ {directory} がありません',
    fix: 'postern を起動するフォルダーで実行するか、データディレクトリを POSTERN_DATA_DIR に指定してください。新しいものは「postern serve」が作ります。',
  },
  'data.store-missing': {
    message: 'データディレクトリ {directory} に postern のストアがありません',
    fix: 'postern を起動するフォルダーで実行するか、データディレクトリを POSTERN_DATA_DIR に指定してください。新しいものは「postern serve」が作ります。',
  },
  'data.not-trusted': {
    message: '{what} {path}: {problem}',
    fix: '{remedy}。',
  },
  'data.in-use': {
    message: '別の postern{holder} がデータディレクトリ {directory} を使用しています',
    fix: '実行中のものを使うか、先に止めるか、POSTERN_DATA_DIR に別のディレクトリを指定してください。',
  },
  'data.file-system-open': {
    message:
      '{directory} のファイルシステムはほかのユーザーの利用を許します。何を指定してもモードは {mode} になります',
    fix: '所有者とモードを保てるディスク上のディレクトリを POSTERN_DATA_DIR に指定するか、所有者だけが使えるようにマウントしてください(dmask=077,fmask=177; dir_mode=0700,file_mode=0600)。',
  },
  'data.readable-by-others': {
    message:
      'ほかのユーザーが {what} {path} を使えます(モードは {mode}、所有者は {owner}、postern の実行ユーザーは {user})',
    fix: '実行してください: chmod {wanted} {word}{otherwise}',
  },
  'data.open-to-others': {
    message: 'このマシンのほかのユーザーが {path} に対する権限を持っています({users})',
    fix: '権限を取り除いてください: {command}',
  },
  'data.rights-unknown': {
    message: '{path} に対する権限を調べられないか、変更できません{reason}',
    fix: 'postern を実行するユーザーの、NTFS のディスク上のディレクトリを POSTERN_DATA_DIR に指定してください。',
  },
  'service.unknown-system': {
    message: 'このシステム({platform})ではサービスを作れません',
    fix: 'そのシステムでサービスを起動するものに「postern serve」を起動させてください。',
  },
  'service.no-systemd': {
    message: 'このマシンは systemd で動いていません',
    fix: 'ここでサービスを起動するものに「postern serve」を起動させてください。systemd に渡す内容は --print で表示されます。',
  },
  'service.of-package': {
    message: 'パッケージが postern をすでにサービスとしてインストールしています({path})',
    fix: '次を実行してください: systemctl enable --now postern。このコマンドでサービスを作るには、先にパッケージを削除してください。',
  },
  'service.program-hidden': {
    message:
      'ホームディレクトリと一時ディレクトリはサービスに対して閉じられているため、{path} を実行できません',
    fix: '/usr/local/bin や C:\\Program Files のような、すべてのユーザーが実行できる場所にプログラムを置き、そこからサービスをインストールしてください。',
  },
  'service.as-root': {
    message: 'サービスが root として実行されることになります',
    fix: 'サービスを実行させるアカウントから sudo でインストールするか、そのアカウントのログインごとに起動するように sudo なしでインストールしてください。',
  },
  'service.not-allowed': {
    message: 'このユーザーにはその操作が許されていません: {what}',
    fix: 'sudo で実行してください。Windows では管理者として開いたウィンドウで実行してください。',
  },
  'service.step-failed': {
    message: '{command} が失敗しました{reason}',
    fix: '--print でそれより前にある手順は済んでいます。後の手順は済んでいません。',
  },
  'service.not-stopped': {
    message: 'postern が {seconds} 秒たっても終了していません',
    fix: '処理中のメッセージを待つか、プロセス {pid} を終了させてください。',
  },
  'data.no-directory': {
    message: 'データディレクトリ {path} はディレクトリではありません',
    fix: 'そのファイルを移すか、POSTERN_DATA_DIR に別のディレクトリを指定してください。',
  },
  'data.unusable': {
    message: '{what} {path} を使えません: {reason}',
    fix: 'postern を実行するユーザーが、空きのあるディスク上のデータディレクトリを所有するようにするか、POSTERN_DATA_DIR を設定してください。',
  },
  'database.busy': {
    message: 'データベースが使用中です',
  },
  'database.read-only': {
    message: 'データベースに書き込めません。ファイルまたはディスクが読み取り専用です',
    fix: '読み取り専用になった理由(ディスクのエラーなど)をシステムのログで調べ、書き込めるようにマウントし直してください。',
  },
  'database.disk-fails': {
    message: 'データベースのディスクが故障しています',
    fix: 'システムのログを確認してください。ディスクの交換が必要かもしれません。',
  },
  'database.damaged': {
    message: 'データベースが壊れています',
  },
  'database.disk-full': {
    message: 'データベースのディスクがいっぱいです',
    fix: 'POSTERN_DATA_DIR のディスクに空きを作ってください。',
  },
  'database.not-opened': {
    message: 'データベースファイルを開けません',
  },
  'database.query-refused': {
    message: 'データベースが問い合わせを拒否しました',
  },
  'database.row-incomplete': {
    message: '{table} の行を、一部の値なしで書き込もうとしました',
  },
  'database.row-read-early': {
    message: '{table} の行が、変更の前ではなく途中で読まれようとしました',
  },
  'database.seal-broken': {
    message: 'データベースの封をした値を開けません({table} の行 {row})',
    fix: 'postern 以外のものがデータベースまたはその鍵を変更しました。両方をバックアップから復元してください。',
  },
  'database.closed': {
    message: 'ストアは閉じられています',
  },
  'database.unreadable': {
    message: 'データベース {path} を読み取れません',
    fix: 'postern を実行するユーザーがそのファイルとディレクトリを所有し、ほかのものが使わないようにしてください。',
  },
  'database.damaged-at-start': {
    message: 'データベース {path} が壊れています',
    fix: 'バックアップから元に戻すか、移してから試してください: sqlite3 MOVED .recover | sqlite3 {path}',
  },
  'database.not-of-postern': {
    message: 'データベース {path} は postern のものではありません',
    fix: 'そのファイルを移すか、POSTERN_DATA_DIR に別のディレクトリを指定してください。',
  },
  'database.of-newer-postern': {
    message: 'データベース {path} は、より新しい postern が書いたものです({schemas})',
    fix: 'そのバージョンか、それより後のものを実行してください。または、更新前のバックアップを元に戻してください。',
  },
  'database.schema-incomplete': {
    message: 'この postern に必要なものがデータベースにありません: {missing}',
    fix: 'postern 以外のものがテーブルを変更しました。バックアップから元に戻してください。',
  },
  'database.server-unreachable': {
    message: 'データベースサーバー {server} に接続できません: {reason}',
    fix: 'PostgreSQL が動いていて、ここから接続できるか確認してください。動作中の postern は応答があり次第、自動的に再開します。起動がこれで終わった場合は、サービスマネージャーが行うように起動し直してください。',
  },
  'database.server-slow': {
    message: 'データベースサーバーが {seconds} 秒以内に応答しませんでした',
    fix: 'データベースサーバーの負荷と、途中のネットワークを確認してください。',
  },
  'database.server-busy': {
    message: 'データベースサーバー {server} が混雑していて応答できません',
    fix: 'PostgreSQL の負荷と、接続数の上限 (max_connections) を確認してください。',
  },
  'database.server-full': {
    message: 'データベースサーバー {server} のディスクがいっぱいです',
    fix: 'サーバーのディスクに空きを作ってください。',
  },
  'database.server-read-only': {
    message: 'データベースサーバー {server} は読み取り専用です(スタンバイか、そのように設定されています)',
    fix: 'POSTERN_DATABASE_URL にプライマリサーバーを指定するか、スタンバイを昇格させてください。',
  },
  'database.server-refuses': {
    message: 'データベースサーバー {server} が postern を拒否しました',
    fix: 'POSTERN_DATABASE_URL のユーザー、パスワード、データベースを確認してください。ユーザーはスキーマを所有しているか、テーブルを作成できる必要があります。',
  },
  'database.not-of-postern-there': {
    message: 'POSTERN_DATABASE_URL のデータベースには postern のものではないテーブルがあります',
    fix: 'POSTERN_DATABASE_URL に postern 専用のデータベースを指定してください。',
  },
  'database.no-room-for-copy': {
    message: '{directory} にデータベースのコピーを置く空きがありません',
    fix: 'そこに空きを作ってください。{megabytes} MB が必要です。',
  },
  'database.empty-where-used': {
    message: '{directory} は以前使われていましたが、ストアが空です',
    fix: 'コピーから元に戻した場合、postern.sqlite だけのコピーには、横にある postern.sqlite-wal の内容がありません。postern を止め、両方を戻すか、「postern backup」が書いたものを戻してください(postern restore FILE --replace)。',
  },
  'copy.unfinished': {
    message: '{target} へのストアのコピーが完了していません',
    fix: '"postern store copy" を --again を付けてもう一度実行してください。そこにあるものを先に空にします。コピー元のストアは元のままです。',
  },
  'copy.target-not-empty': {
    message: '{target} にはすでに何かがあります',
    fix: 'テーブルのないデータベース、またはストアのないデータディレクトリを指定してください。コピーが既存のものを置き換えることはありません。',
  },
  'copy.source-empty': {
    message: '{source} にストアがありません',
    fix: '--from でストアの場所を指定してください。',
  },
  'copy.source-older': {
    message: '{source} のストアは以前の postern のスキーマです',
    fix: 'この postern をそのストアで一度起動し、停止してからコピーしてください。',
  },
  'copy.in-use': {
    message: '{place} のストアを postern が使用中です: {processes}',
    fix: 'それを停止してからコピーしてください。コピー中の変更が失われます。',
  },
  'copy.of-other-key': {
    message: 'ストアは {target} で使われる鍵とは別の鍵で封印されています: {ids}',
    fix: '両方に同じ鍵ファイルまたは POSTERN_KEY を与えてください。',
  },
  'copy.differs': {
    message: '{target} のコピーは、テーブル {table} で元のストアと異なります',
    fix: '他の何かがそこに書き込んでいないか確認し、--again を付けてもう一度実行してください。コピー元のストアは元のままです。',
  },
  'backup.on-postgres': {
    message:
      'ストアは POSTERN_DATABASE_URL のデータベースにあり、そのデータベースのツールでバックアップします',
    fix: 'pg_dump と pg_restore を使い、鍵ファイルまたは POSTERN_KEY、設定、証明書を別の場所に保管してください。',
  },
  'backup.file-there': {
    message: '{path} はすでにあります',
    fix: 'まだないファイルを指定してください。バックアップは何も置き換えません。',
  },
  'backup.file-unwritable': {
    message: '{path} に書き込めません: {reason}',
    fix: 'このユーザーが書き込めるフォルダーにあり、ディスクに空きのある場所のファイルを指定してください。',
  },
  'backup.not-one': {
    message: '{path} は postern のバックアップではありません',
    fix: '「postern backup」が書いたファイルを指定してください。',
  },
  'backup.damaged': {
    message: 'バックアップ {path} は壊れています。内容が書かれたときのものではありません',
    fix: '別のバックアップを使ってください。',
  },
  'backup.store-there': {
    message: 'データディレクトリ {directory} にはすでにストアがあります',
    fix: '今のストアを別の名前で残す --replace を付けるか、POSTERN_DATA_DIR に別のディレクトリを指定してください。',
  },
  'backup.key-missing': {
    message: 'バックアップの鍵がここにありません。鍵ファイル {file} がありません',
    fix: '保管してある鍵ファイルを、所有者だけが読めるようにそこへ置くか、POSTERN_KEY_FILE を設定してください。',
  },
  'backup.of-other-key': {
    message: 'バックアップは、ここにある鍵とは別の鍵で封をされています: {ids}',
    fix: 'バックアップを作ったときの鍵ファイルまたは POSTERN_KEY を使ってください。',
  },
  'keyring.not-own': {
    message: '鍵は設定で指定されているか、複数のホストで共有されていて、代わりになる二つ目の鍵がありません',
    fix: '新しい鍵(openssl rand -base64 32)を各ホストの鍵ファイル(または POSTERN_KEY_COMMAND の出力)の最後の行に入れて再起動してください。次にそれを最初の行へ移し、再起動してから、もう一度実行してください。',
  },
  'keyring.under-way': {
    message: '鍵はすでに取り替え中です',
    fix: '終わるまでお待ちください。「postern keyring list」で進み具合が分かります。',
  },
  'key.of-shared-store-missing': {
    message: 'このホストには POSTERN_DATABASE_URL のストアの鍵がありません。鍵ファイル {file} がありません',
    fix: 'ストアを作ったホストの鍵ファイルをコピーするか、すべてのホストに同じ POSTERN_KEY を設定してください。',
  },
  'key.of-other-database': {
    message: '鍵がこのデータベースに合いません',
    fix: 'このデータベースを作ったときの鍵ファイルまたは POSTERN_KEY を使ってください。新しく始めるには、両方を移してください。',
  },
  'key.file-missing': {
    message: '鍵ファイル {file} がありませんが、データベースに必要です',
    fix: '鍵ファイルを元に戻すか、POSTERN_KEY_FILE を設定してください。新しく始めるには、{database} を移してください。',
  },
  'key.setting-no-key': {
    message: 'POSTERN_KEY は鍵ではありません',
    fix: '32 バイトの乱数を base64 または 16 進数で指定してください。例: openssl rand -base64 32',
  },
  'key.command-not-started': {
    message: 'POSTERN_KEY_COMMAND のコマンドを開始できません。シェルがありません',
    fix: '/bin/sh をインストールするか、POSTERN_KEY_FILE に指定するファイルで鍵を渡してください。',
  },
  'key.command-failed': {
    message: 'POSTERN_KEY_COMMAND のコマンドが {status} で終了しました{complaint}',
    fix: 'postern を実行するユーザーとして、そのユーザーの HOME と PATH だけの環境で実行してみてください。ほかに必要なものは、ファイルかコマンド自体に書いておく必要があります。',
  },
  'key.command-ended': {
    message: 'POSTERN_KEY_COMMAND のコマンドが {signal} で終了しました(最長 {seconds} 秒){complaint}',
    fix: 'コマンドの問い合わせ先にここから接続できるかを確認し、postern を実行するユーザーとして実行してみてください。入力を待ってはいけません。',
  },
  'key.command-no-key': {
    message: 'POSTERN_KEY_COMMAND のコマンドの出力は鍵ではありません{complaint}',
    fix: '32 個のランダムなオクテットを base64 または 16 進数で出力する必要があります。複数の場合は一行に一つ、書き込みに使うものを先頭にし、見出し、引用符、JSON などは付けないでください。',
  },
  'key.file-damaged': {
    message: '鍵ファイル {file} が壊れています。鍵ではないものが入っています',
    fix: '自分のコピーからファイルを元に戻してください。コピーがない場合は、すべてのメールボックスで新しい同意が必要です。',
  },
  'key.no-owner-key': {
    message: 'データディレクトリ {directory} に所有者キーがありません',
    fix: 'postern を一度起動するか、データディレクトリを POSTERN_DATA_DIR に指定してください。',
  },
  'key.owner-key-damaged': {
    message: '所有者キー {file} が壊れています',
    fix: 'そのファイルを削除して postern を再起動してください。新しいものが作られます。',
  },
  'certificate.pair-unusable': {
    message: '{mistake}',
    fix: '{remedy}',
  },
  'certificate.name-out-of-scope': {
    message: '{file} の認証局は {names} のために作られたもので、{name} には発行できません',
    fix: '--replace-ca ですべての名前のための新しい認証局を作り、すべての機器に知らせてください。',
  },
  'certificate.foreign-file': {
    message: '{path} がすでにありますが、その隣に postern の認証局はありません',
    fix: '別の場所に移すか、--dir で別のフォルダーを指定してください。',
  },
  'certificate.of-other-authority': {
    message: '{path} がすでにありますが、{file} の認証局が発行したものではありません',
    fix: '別の場所に移すか、--dir で別のフォルダーを指定してください。',
  },
  'certificate.authority-unusable': {
    message: '{mistake}',
    fix: 'ファイルを元に戻すか、--replace-ca で新しい認証局を作り、すべての機器に知らせてください。',
  },
  'certificate.interfaces-hidden': {
    message: 'システムの制限により、postern はこのマシンのアドレスを見ることができません({reason})',
    fix: 'サービスの外で "postern tls make" を実行するか、ユニットの RestrictAddressFamilies= に AF_NETLINK を加えてください。',
  },
  'certificate.no-name': {
    message: '「{text}」はホスト名でもアドレスでもありません',
    fix: '機器と同じように指定してください: mail.example.com または 192.0.2.10。',
  },
  'certificate.authority-key-missing': {
    message: '{file} の認証局の鍵がここにないため、何も発行できません',
    fix: '自分のコピーを {keyFile} として元に戻してください。ない場合(--forget-ca-key)は、--replace-ca で新しい認証局を作り、すべての機器に知らせてください。',
  },
  'certificate.path-unusable': {
    message: '{path} を使えません: {reason}',
    fix: 'postern を実行するユーザーで実行するか、--dir で別のフォルダーを指定してください。',
  },
  'listen.smtp-in-use': {
    message: 'SMTP は {address} で待ち受けできません。別のプログラムが使用しています',
    fix: '別のプログラムを止めるか、{setting} に別のアドレスまたはポートを設定してください。',
  },
  'listen.smtp-failed': {
    message: 'SMTP は {address} で待ち受けできません: {reason}',
    fix: '{setting} に、このマシンのアドレスと 1023 より大きいポートを設定してください。',
  },
  'listen.set-elsewhere': {
    message: 'メールを受け取る場所は {setting} で決まっているため、管理画面では変更できません',
    fix: '{setting} を、設定した場所で変更して再起動してください。',
  },
  'listen.smtp-no-such-address': {
    message:
      'SMTP サーバーは {address} で待ち受けできません。このマシンにそのアドレスがないか、まだありません',
    fix: '{setting} をこのマシンのアドレスに設定するか、ネットワークが使えるようになってから postern を起動してください。',
  },
  'listen.handed-for-what': {
    message: 'サービスマネージャーから渡されたソケット {number} の名前「{name}」では用途がわかりません',
    fix: 'それぞれの .socket ユニットで FileDescriptorName= に {names} のいずれかを指定するか、名前のないソケットを SMTP、Web、submissions、metrics の順に四つまで渡してください。',
  },
  'listen.handed-no-tcp': {
    message: 'サービスマネージャーから渡されたソケット {number} は TCP 接続を受け付けるものではありません',
    fix: '.socket ユニットで ListenStream= にアドレスとポートを指定し、Accept=no にしてください。',
  },
  'listen.handed-to-workers': {
    message:
      'systemd がソケットを渡していますが、POSTERN_WORKERS が 1 より大きいため使えません。複数のプロセスは postern 自身が開くアドレスを共有します',
    fix: 'POSTERN_WORKERS=1 にするか、postern-smtp.socket と postern-web.socket を無効にしてください。',
  },
  'listen.handed-unencrypted': {
    message:
      'サービスマネージャーから渡された {address} のソケットにはほかのマシンから接続でき、パスワードやトークンが暗号化されずにネットワークを流れます',
    fix: 'POSTERN_TLS_CERT_FILE に証明書を指定する(管理画面では POSTERN_PUBLIC_URL を https にする)か、ソケットを 127.0.0.1 または [::1] で待ち受けさせるか、このアドレスを {remedy} として明示的に許可してください。',
  },
  'listen.handed-without-certificate': {
    message:
      'サービスマネージャーから最初から TLS を使うソケット {address} が渡されましたが、証明書がありません',
    fix: 'POSTERN_TLS_CERT_FILE と POSTERN_TLS_KEY_FILE を設定してください(「postern tls make」が両方のファイルを作ります)。',
  },
  'listen.web-in-use': {
    message: '{server}: {address} で待ち受けできません。別のプログラムが使用しています',
    fix: 'ポート {port} で待ち受けているプログラム(別の postern かもしれません)を止めるか、{setting} に別のアドレスを設定してください。',
  },
  'listen.web-forbidden': {
    message: '{server}: {address} で待ち受けできません。システムが禁止しています',
    fix: '1023 より大きいポートを選んでください。{setting} に別のアドレスを設定してください。',
  },
  'listen.web-no-such-address': {
    message: '{server}: {address} で待ち受けできません。このマシンにそのアドレスはありません',
    fix: 'このマシンのアドレスを使ってください。{setting} に別のアドレスを設定してください。',
  },
  'listen.web-failed': {
    message: '{server}: {address} で待ち受けできません',
    fix: 'システムの理由をログで確認するか、{setting} に別のアドレスを設定してください。',
  },
}
