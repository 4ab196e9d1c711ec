<?php

namespace App\Jobs;

// What it holds is read by a task of Howdah; PHP never runs it.
class Ours extends Welcome
{
    public $person;
    public $due;
    public $tags;
    public $kind;
    public $again;

    public function __construct($name)
    {
        parent::__construct($name);
        $this->person = \App\Models\Person::make()->forceFill(['id' => 7]);
        $this->due = \Illuminate\Support\Carbon::parse('2026-07-01 10:00', 'Europe/Berlin');
        $this->tags = collect(['a', 'b']);
        $this->kind = Kind::Large;
        $this->again = $this->tags;
    }

    public function handle()
    {
        throw new \RuntimeException('This is not for PHP.');
    }
}
