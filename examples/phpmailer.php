<?php
// PHPMailer through postern. MAIL_USER and MAIL_PASSWORD are what `postern login add billing@example.com` printed.
// MAIL_CA_FILE: postern is on another machine, MAIL_HOST, and this is the certificate of the authority that it goes by.

use PHPMailer\PHPMailer\PHPMailer;

require getenv('PHPMAILER') ?: 'vendor/autoload.php';

$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = getenv('MAIL_HOST') ?: '127.0.0.1';
$mail->Port = (int) (getenv('MAIL_PORT') ?: 2587);
$mail->SMTPAuth = true;
$mail->AuthType = 'PLAIN'; // by name: where a login has CRAM-MD5, PHPMailer would try that and nothing else
$mail->Username = getenv('MAIL_USER');
$mail->Password = getenv('MAIL_PASSWORD');
if ($caFile = getenv('MAIL_CA_FILE')) {
    $mail->SMTPSecure = PHPMailer::ENCRYPTION_STARTTLS; // for implicit TLS: ENCRYPTION_SMTPS
    $mail->SMTPOptions = ['ssl' => ['cafile' => $caFile]];
} else {
    $mail->SMTPAutoTLS = false; // same machine: no network to protect
}

$mail->setFrom('billing@example.com', 'Billing');
$mail->addAddress('someone@example.net');
$mail->Subject = 'Hello from PHP';
$mail->Body = "It arrived.\r\n";
$mail->send();
