<?php
// What wp_mail() does with PHPMailer, and no more of WordPress: loads the plugin, lets it change the mailer, and sends.
require getenv('PHPMAILER');

$actions = [];
function add_action(string $name, callable $action): void
{
    global $actions;
    $actions[$name][] = $action;
}
function get_bloginfo(string $what): string
{
    return 'A site';
}

require $argv[1];

$phpmailer = new PHPMailer\PHPMailer\PHPMailer(true);
$phpmailer->setFrom('wordpress@localhost.localdomain', 'WordPress', false);
$phpmailer->addAddress($argv[2]);
$phpmailer->Subject = 'Hello from WordPress';
$phpmailer->Body = 'It arrived.';
$phpmailer->isMail();
$phpmailer->CharSet = 'UTF-8';
foreach ($actions['phpmailer_init'] as $action) {
    $action($phpmailer);
}
$phpmailer->send();
