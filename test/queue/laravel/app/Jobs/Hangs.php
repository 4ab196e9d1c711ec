<?php

namespace App\Jobs;

use Illuminate\Support\Facades\DB;

// Its first attempt hangs.
class Hangs extends Welcome
{
    public $tries = 3;

    public function handle()
    {
        DB::table('ran')->insert(['side' => 'php', 'what' => 'Hangs', 'data' => json_encode($this->attempts())]);
        if ($this->attempts() === 1) sleep(60);
    }
}
