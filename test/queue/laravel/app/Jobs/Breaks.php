<?php

namespace App\Jobs;

use Illuminate\Support\Facades\DB;

// Breaks until somebody mends it: until the table mended has a row.
class Breaks extends Welcome
{
    public $tries = 2;
    public $backoff = [0, 0];

    public function handle()
    {
        if (DB::table('mended')->doesntExist()) throw new \RuntimeException('it broke');
        parent::handle();
    }
}
