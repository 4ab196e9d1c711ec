<?php

namespace App\Models;

class Person extends \Illuminate\Database\Eloquent\Model
{
}
