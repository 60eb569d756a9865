<?php
// Sends a message with an attachment by PHPMailer: by what security, trusting whom, and signing in how, is named.
require getenv('PHPMAILER');

[, $port, $secure, $caFile, $mechanism, $user, $secret, $sender, $recipient] = $argv;
$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = 'localhost';
$mail->Port = (int) $port;
$mail->SMTPSecure = $secure;
$mail->SMTPAutoTLS = false;
$mail->SMTPOptions = ['ssl' => ['cafile' => $caFile]];
$mail->SMTPAuth = $mechanism !== '';
$mail->AuthType = $mechanism;
$mail->Username = $user;
$mail->Password = $secret;
if ($mechanism === 'XOAUTH2') {
    $mail->setOAuth(new class($user, $secret) implements PHPMailer\PHPMailer\OAuthTokenProvider {
        public function __construct(private string $user, private string $token)
        {
        }

        public function getOauth64()
        {
            return base64_encode("user={$this->user}\x01auth=Bearer {$this->token}\x01\x01");
        }
    });
}
$mail->setFrom($sender, 'Ticket system');
$mail->addAddress($recipient);
$mail->CharSet = 'UTF-8';
$mail->Subject = 'Grüße';
$mail->Body = ".\n..one\nGrüße von PHPMailer\n";
$mail->addStringAttachment(random_bytes(50000), 'noise.bin');
$mail->send();
