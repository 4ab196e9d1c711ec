<?php

namespace App\Handlers;

use Illuminate\Support\Facades\DB;

// Handles string jobs, with a method of its own.
class Invoice
{
    public function fire($job, $data)
    {
        $this->note('fire', $job, $data);
    }

    public function send($job, $data)
    {
        $this->note('send', $job, $data);
    }

    private function note($method, $job, $data)
    {
        DB::table('ran')->insert(['side' => 'php', 'what' => "Invoice@$method", 'data' => json_encode($data)]);
        $job->delete();
    }
}
