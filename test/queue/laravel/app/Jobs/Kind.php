<?php

namespace App\Jobs;

enum Kind: string
{
    case Small = 's';
    case Large = 'l';
}
