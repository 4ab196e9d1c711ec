<?php

// Laravel as a contestant: a minimal application around the framework of Debian's php-laravel-framework.
// `php laravel.php work` is `artisan queue:work` and tells on stdout how many jobs it ran; `php laravel.php dispatch`
// answers one command a line. HOWDAH_BENCH is {"dir", "url", "framework", "sleep"}.

$bench = json_decode(getenv('HOWDAH_BENCH'), true);
set_include_path(dirname($bench['framework']) . PATH_SEPARATOR . get_include_path());
error_reporting(E_ALL & ~E_DEPRECATED);
ini_set('display_errors', 'stderr');
require_once $bench['framework'] . '/autoload.php';

use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Queue\Events\Looping;

function milliseconds(): float
{
    return hrtime(true) / 1e6;
}

function tell(array $message): void
{
    fwrite(STDOUT, json_encode($message) . "\n");
}

final class Tally
{
    public static int $count = 0;
    public static float $first = 0;
    public static float $last = 0;
    private static int $told = 0;
    private static float $toldAt = 0;

    public static function count(): void
    {
        self::$last = milliseconds();
        self::$first = self::$first ?: self::$last;
        self::$count++;
        if (self::$last - self::$toldAt > 20) {
            self::tell();
        }
    }

    public static function tell(): void
    {
        if (self::$told === self::$count) {
            return;
        }
        self::$told = self::$count;
        self::$toldAt = milliseconds();
        tell(['count' => self::$count, 'first' => self::$first, 'last' => self::$last]);
    }
}

final class Job implements ShouldQueue
{
    use Illuminate\Bus\Queueable;

    public function __construct(public int $ms = 0, public ?int $probe = null)
    {
    }

    public function handle(): void
    {
        if ($this->probe !== null) {
            tell(['probe' => $this->probe, 'at' => milliseconds()]);
            return;
        }
        Tally::count();
        if ($this->ms > 0) {
            usleep((int) ($this->ms * 1000 * (0.25 + 1.5 * lcg_value())));
        }
    }
}

final class Errors extends Illuminate\Foundation\Exceptions\Handler
{
    public function report(Throwable $e): void
    {
        fwrite(STDERR, "PHP: {$e->getMessage()}\n");
    }
}

function application(array $bench): Illuminate\Foundation\Application
{
    $app = new Illuminate\Foundation\Application($bench['dir']);
    $app->singleton(Illuminate\Contracts\Console\Kernel::class, Illuminate\Foundation\Console\Kernel::class);
    $app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, Errors::class);
    return $app;
}

/** What the application's cached configuration returns. */
function settings(array $bench): array
{
    $url = parse_url($bench['url']);
    return [
        'app' => [
            'name' => 'bench', 'env' => 'production', 'debug' => false, 'timezone' => 'UTC', 'locale' => 'en',
            'key' => 'base64:' . base64_encode(str_repeat('k', 32)), 'cipher' => 'AES-256-CBC', 'aliases' => [],
            'providers' => [
                Illuminate\Bus\BusServiceProvider::class,
                Illuminate\Cache\CacheServiceProvider::class,
                Illuminate\Database\DatabaseServiceProvider::class,
                Illuminate\Encryption\EncryptionServiceProvider::class,
                Illuminate\Filesystem\FilesystemServiceProvider::class,
                Illuminate\Queue\QueueServiceProvider::class,
            ],
        ],
        'cache' => ['default' => 'array', 'stores' => ['array' => ['driver' => 'array']], 'prefix' => ''],
        'database' => ['default' => 'pgsql', 'connections' => ['pgsql' => [
            'driver' => 'pgsql', 'host' => $url['host'], 'port' => $url['port'], 'database' => ltrim($url['path'], '/'),
            'username' => $url['user'], 'password' => $url['pass'], 'charset' => 'utf8', 'prefix' => '', 'schema' => 'public',
        ]]],
        'queue' => [
            'default' => 'database',
            'connections' => ['database' => [
                'driver' => 'database', 'table' => 'jobs', 'queue' => 'default', 'retry_after' => 90,
            ]],
            'failed' => ['driver' => 'database-uuids', 'database' => 'pgsql', 'table' => 'failed_jobs'],
        ],
    ];
}

function work(Illuminate\Foundation\Application $app, array $bench): int
{
    $kernel = $app->make(Illuminate\Contracts\Console\Kernel::class);
    $kernel->bootstrap();
    Illuminate\Console\Application::starting(fn ($artisan) => $artisan->add(
        new Illuminate\Queue\Console\WorkCommand($app['queue.worker'], $app['cache.store'])
    ));
    $ready = false;
    $app['events']->listen(Looping::class, function () use (&$ready) {
        if (!$ready) {
            tell(['ready' => true]);
            fgets(STDIN); // all processes begin together
        }
        $ready = true;
        Tally::tell();
    });
    $argv = ['artisan', 'queue:work', '--queue=high,default', '--quiet', '--sleep=' . $bench['sleep']];
    return $kernel->handle(new Symfony\Component\Console\Input\ArgvInput($argv), new Symfony\Component\Console\Output\NullOutput());
}

/** One command a line, {"do", "count", "ms", "probe"}; the answer is {"at"}, the time before the first dispatch. */
function dispatchOnCommand(Illuminate\Foundation\Application $app): void
{
    $app->make(Illuminate\Contracts\Console\Kernel::class)->bootstrap();
    $queue = $app['queue']->connection();
    $db = $app['db']->connection();
    tell(['ready' => true]);
    while ($line = fgets(STDIN)) {
        $order = json_decode($line, true);
        $at = milliseconds();
        match ($order['do']) {
            'one' => $queue->push(new Job()),
            'many' => bulk($queue, $order['count'], $order['ms']),
            'transaction' => $db->transaction(function () use ($db, $queue) {
                $db->insert('insert into orders (note) values (?)', ['bench']);
                $queue->push(new Job());
            }),
            'probe' => $queue->push(new Job(0, $order['probe']), '', 'high'),
        };
        tell(['at' => $at]);
    }
}

function bulk($queue, int $count, int $ms): void
{
    foreach (array_chunk(array_fill(0, $count, new Job($ms)), 1000) as $chunk) {
        $queue->bulk($chunk);
    }
}

$app = application($bench);
$argv[1] === 'work' ? exit(work($app, $bench)) : dispatchOnCommand($app);
