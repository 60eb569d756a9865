<?php
// PHPMailer through postern. USER and PASSWORD are what `postern login add billing@example.com` printed.

use PHPMailer\PHPMailer\PHPMailer;

require 'vendor/autoload.php';

$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = '127.0.0.1';
$mail->Port = 2587;
$mail->SMTPAuth = true;
$mail->Username = getenv('MAIL_USER');
$mail->Password = getenv('MAIL_PASSWORD');
$mail->SMTPSecure = '';
$mail->SMTPAutoTLS = false; // same machine: no certificate to check

$mail->setFrom('billing@example.com', 'Billing');
$mail->addAddress('someone@example.net');
$mail->Subject = 'Hello from PHP';
$mail->Body = "It arrived.\r\n";
$mail->send();
