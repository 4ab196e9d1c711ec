<?php

namespace App\Jobs;

use Illuminate\Bus\Batchable;
use Illuminate\Bus\Queueable;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Bus\Dispatchable;
use Illuminate\Queue\InteractsWithQueue;
use Illuminate\Queue\SerializesModels;
use Illuminate\Support\Facades\DB;

class Welcome implements ShouldQueue
{
    use Batchable, Dispatchable, InteractsWithQueue, Queueable, SerializesModels;

    private $secret = 'private';
    protected $greeting;
    public $name;

    public function __construct($name, $greeting = 'Hello')
    {
        $this->name = $name;
        $this->greeting = $greeting;
    }

    public function handle()
    {
        DB::table('ran')->insert(['side' => 'php', 'what' => 'Welcome', 'data' => json_encode([$this->greeting, $this->name, $this->secret])]);
    }
}
